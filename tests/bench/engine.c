/* Stand-in for an engine: one thread, epoll, answers as fast as the kernel takes them or paced by absolute times.
 *
 *     engine PORT
 *
 * PUT /set?stream=1&chunks=200&gap_us=20000&reply=1024 says how requests are answered from then on; gap_us=0 streams
 * at the highest rate. Any other POST gets that answer, any GET a list of one model. All streams of a run have the
 * same gap, so that those that wait for their next event stand in a queue in order of time.
 *
 * A request may ask for an answer of its own: X-Answer: stream=1 chunks=80 gap_us=20000 cut=12 reset=1. `cut` ends the
 * connection instead: 0 before the head, 1 one gap after the head, n one gap after n - 1 events or half of a whole answer;
 * -1 does not. `reset` ends it with RST, else with FIN. `cut` needs a gap.
 */
#include "wire.h"

enum { HEAD = 16384, OUT = 65536, READ = 1 << 20, TURN = 32, WHOLE = -1 };

struct conn {
    int fd;
    enum { READ_HEAD, READ_BODY, ANSWER } state;
    bool dead, queued, want_write, closing, coded;
    size_t head_len, out_at, out_len;
    long body, left;
    struct chunked coding;
    uint32_t seq, chunks;
    int64_t gap, due; /* nanoseconds between events, 0: none, WHOLE: not a stream */
    long cut, reset;
    struct conn *next;
    char head[HEAD];
    char *out;
};

static struct {
    long stream, chunks, gap_us, reply;
} answer = {1, 200, 20000, 1024};

static int ep, timer;
static struct conn *queue, **queue_end = &queue, *graves;
static char input[READ];

static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";
static const char STREAM_END[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
static const char MODELS[] = "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-4o-mini\",\"object\":\"model\",\"owned_by\":\"bench\"}]}";

static void enqueue(struct conn *c, int64_t due) {
    c->due = due;
    c->next = NULL;
    c->queued = true;
    if (!queue)
        arm(timer, due);
    *queue_end = c;
    queue_end = &c->next;
}

/* Memory is given back after the round of events, because one of them may still name the connection. */
static void release(struct conn *c) {
    c->next = graves;
    graves = c;
}

static void free_released(void) {
    for (struct conn *c; (c = graves);) {
        graves = c->next;
        free(c->out);
        free(c);
    }
}

static void drop(struct conn *c) {
    if (c->dead)
        return;
    close(c->fd);
    c->dead = true;
    if (!c->queued)
        release(c);
}

static void interest(struct conn *c, bool write) {
    if (c->want_write == write)
        return;
    c->want_write = write;
    struct epoll_event e = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}

static void finish(struct conn *c) {
    if (c->closing) {
        drop(c);
        return;
    }
    c->state = READ_HEAD;
    c->head_len = 0;
    interest(c, false);
}

/* Writes what waits; false where the connection is gone or takes no more for now. */
static bool flush(struct conn *c) {
    while (c->out_at < c->out_len) {
        ssize_t n = write(c->fd, c->out + c->out_at, c->out_len - c->out_at);
        if (n < 0) {
            errno == EAGAIN ? interest(c, true) : drop(c);
            return false;
        }
        c->out_at += n;
    }
    c->out_at = c->out_len = 0;
    return true;
}

/* Appends up to `count` events, and the end of the stream after the last. */
static void put_events(struct conn *c, uint32_t count) {
    int64_t at = now_ns();
    for (; count && c->seq < c->chunks; count--) {
        char *to = c->out + c->out_len;
        memcpy(to, "e8\r\n", 4);
        put_event(to + 4, c->seq++, at);
        memcpy(to + 4 + EVENT, "\r\n", 2);
        c->out_len += FRAMED;
    }
    if (c->seq == c->chunks) {
        memcpy(c->out + c->out_len, STREAM_END, sizeof STREAM_END - 1);
        c->out_len += sizeof STREAM_END - 1;
    }
}

/* Goes on with a stream at the highest rate: each event is written by itself, as engines do, TURN of them in a row. */
static void pump(struct conn *c) {
    for (int turn = TURN; flush(c); turn--) {
        if (c->seq == c->chunks) {
            finish(c);
            return;
        }
        if (!turn) {
            interest(c, true);
            return;
        }
        put_events(c, 1);
    }
}

/* Ends the connection in the middle of an exchange, as an engine that fails does. */
static void cut_off(struct conn *c) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (c->reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    drop(c);
}

/* One paced event. A socket that is still full at its time loses its turn, not an event. */
static void step(struct conn *c) {
    if (c->cut > 0 && c->seq >= c->cut - 1) {
        cut_off(c);
        return;
    }
    if (!c->want_write)
        put_events(c, 1);
    bool written = flush(c);
    if (c->dead)
        return;
    if (c->seq < c->chunks)
        enqueue(c, c->due + c->gap);
    else if (written)
        finish(c);
}

static void step_all(void) {
    uint64_t ticks;
    (void)!read(timer, &ticks, sizeof ticks);
    while (queue && queue->due <= now_ns()) {
        struct conn *c = queue;
        queue = c->next;
        if (!queue)
            queue_end = &queue;
        c->queued = false;
        c->dead ? release(c) : step(c);
    }
    if (queue)
        arm(timer, queue->due);
}

static void reply_whole(struct conn *c, bool models, int64_t gap) {
    long size = models ? (long)sizeof MODELS - 1 : answer.reply;
    c->gap = WHOLE;
    c->out_len =
        snprintf(c->out, OUT, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %ld\r\n\r\n", size);
    models ? (void)memcpy(c->out + c->out_len, MODELS, size) : put_answer(c->out + c->out_len, size, c->body);
    if (c->cut > 0) {
        c->gap = gap;
        c->seq = c->cut;
        c->out_len += c->cut > 1 ? size / 2 : 0;
        if (flush(c))
            enqueue(c, now_ns() + gap);
        return;
    }
    c->out_len += size;
    if (flush(c))
        finish(c);
}

static void reply(struct conn *c) {
    bool set = sscanf(c->head, "PUT /set?stream=%ld&chunks=%ld&gap_us=%ld&reply=%ld", &answer.stream, &answer.chunks,
                      &answer.gap_us, &answer.reply) == 4;
    bool models = set || !strncmp(c->head, "GET ", 4);
    long stream = answer.stream, chunks = answer.chunks, gap_us = answer.gap_us;
    const char *wish = strcasestr(c->head, "\nx-answer:");
    c->cut = -1;
    if (wish)
        sscanf(wish + 10, " stream=%ld chunks=%ld gap_us=%ld cut=%ld reset=%ld", &stream, &chunks, &gap_us, &c->cut,
               &c->reset);
    c->state = ANSWER;
    if (c->cut == 0) {
        cut_off(c);
        return;
    }
    if (models || !stream) {
        reply_whole(c, models, gap_us * 1000);
        return;
    }
    c->gap = gap_us * 1000;
    c->out_len = sizeof STREAM_HEAD - 1;
    memcpy(c->out, STREAM_HEAD, c->out_len);
    c->seq = 0;
    c->chunks = chunks;
    c->due = now_ns();
    if (c->cut == 1) {
        if (flush(c))
            enqueue(c, c->due + c->gap);
    } else
        c->gap ? step(c) : pump(c);
}

static void read_body(struct conn *c, const char *data, size_t n) {
    if (c->coded) {
        while (n && c->coding.state != OVER) {
            const char *piece;
            size_t size, used = dechunk(&c->coding, data, n, &piece, &size);
            c->body += size;
            data += used;
            n -= used;
        }
        if (c->coding.state == OVER)
            reply(c);
        return;
    }
    c->left -= n;
    if (c->left == 0)
        reply(c);
    else if (c->left < 0)
        drop(c); /* more than was announced: nobody may do that */
}

static void read_head(struct conn *c, const char *data, size_t n) {
    size_t before = c->head_len, take = n < HEAD - 1 - before ? n : HEAD - 1 - before;
    memcpy(c->head + before, data, take);
    c->head[c->head_len += take] = 0;
    char *end = strstr(c->head + (before > 3 ? before - 3 : 0), "\r\n\r\n");
    if (!end) {
        if (c->head_len == HEAD - 1)
            drop(c);
        return;
    }
    end[2] = 0;
    size_t used = end + 4 - c->head - before;
    c->closing = strcasestr(c->head, "\nconnection: close") != NULL;
    c->coded = strcasestr(c->head, "\ntransfer-encoding: chunked") != NULL;
    c->coding = (struct chunked){0};
    long length = field_number(c->head, "\ncontent-length:");
    c->left = length > 0 ? length : 0;
    c->body = c->coded ? 0 : c->left;
    c->state = READ_BODY;
    read_body(c, data + used, n - used);
}

static void readable(struct conn *c) {
    ssize_t n = read(c->fd, input, READ);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            drop(c);
    } else if (c->state == READ_HEAD)
        read_head(c, input, n);
    else if (c->state == READ_BODY)
        read_body(c, input, n);
    else
        drop(c); /* nobody sends a request before the answer to the last one is over */
}

static void writable(struct conn *c) {
    if (c->gap == 0)
        pump(c);
    else if (flush(c)) {
        interest(c, false);
        if (!c->queued)
            finish(c);
    }
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct conn *c = calloc(1, sizeof *c);
        no_delay(fd);
        c->fd = fd;
        c->out = malloc(OUT);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    }
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 0);
    ep = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, t = {.events = EPOLLIN, .data.ptr = &timer};
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
    epoll_ctl(ep, EPOLL_CTL_ADD, timer, &t);
    puts("ready");
    fflush(stdout);
    for (struct epoll_event events[256];;) {
        int n = epoll_wait(ep, events, 256, -1);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (!c)
                accept_all(listener);
            else if ((void *)c == &timer)
                step_all();
            else if (c->dead)
                continue;
            else if (events[i].events & EPOLLOUT && !(events[i].events & (EPOLLERR | EPOLLHUP)))
                writable(c);
            else
                readable(c);
        }
        free_released();
    }
}
