/* Load generator: one thread, epoll, every byte of every answer compared with what the engine must have sent.
 *
 *     load port=8080 conns=200 stream=1 chunks=200 …      (all names with their defaults: told.h)
 *
 * Prints `begin` and `end` around the measured window, so that the driver can read processor times, then one line of
 * JSON. Added latency is the time from the stamp in an event (CLOCK_MONOTONIC, written by the engine) to its arrival.
 */
#include "answer.h"

enum { HEAD = 8192, READ = 256 * 1024, MILLION = 1000000, BREATH = 50 * MILLION };

struct conn {
    int fd;
    enum { CLOSED, CONNECTING, IDLE, WAIT_HEAD, WAIT_BODY } state;
    uint32_t interest;
    bool coded, closing;
    size_t sent, head_len;
    long left, done;
    struct answer answer;
    struct chunked coding;
    char head[HEAD];
};

static int ep, timer;
static struct conn *conns;
static struct totals at_begin, at_end;
static int64_t start_at, wave_at, begin_at, end_at, give_up_at, next_request;
static long opened, busy, idle, cursor, wave;
static char *request, input[READ];
static size_t request_len;

static void open_conn(struct conn *c);

static void interest(struct conn *c, uint32_t events) {
    struct epoll_event e = {.events = events, .data.ptr = c};
    if (c->interest != events)
        epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
    c->interest = events;
}

static void set_state(struct conn *c, int state) {
    busy += (state != CLOSED && state != IDLE) - (c->state != CLOSED && c->state != IDLE);
    idle += (state == IDLE) - (c->state == IDLE);
    c->state = state;
}

static void shut(struct conn *c) {
    close(c->fd);
    c->fd = -1;
    set_state(c, CLOSED);
}

/* A connection that ended: a fault within an answer, else merely opened again while there is work for it. */
static void lost(struct conn *c, long *counter) {
    ++*counter;
    shut(c);
    if (!ended && !TOLD(WAVES) && !TOLD(REQUESTS))
        open_conn(c);
}

static void send_request(struct conn *c) {
    while (c->sent < request_len) {
        ssize_t n = write(c->fd, request + c->sent, request_len - c->sent);
        if (n < 0 && errno != EAGAIN) {
            lost(c, &total.broken);
            return;
        }
        if (n < 0)
            break;
        c->sent += n;
    }
    interest(c, (TOLD(STALL) && !ended ? 0 : EPOLLIN) | (c->sent < request_len ? EPOLLOUT : 0));
}

static void start(struct conn *c, int64_t at) {
    c->sent = c->head_len = 0;
    c->answer = (struct answer){.started = at};
    c->coding = (struct chunked){0};
    set_state(c, WAIT_HEAD);
    send_request(c);
}

/* What a connection does when it has nothing to do. */
static void next(struct conn *c) {
    if (TOLD(REQUESTS) ? c->done == TOLD(REQUESTS) : TOLD(WAVES) ? c->done > 0 : ended)
        shut(c);
    else if (!TOLD(RATE) && !TOLD(WAVES))
        start(c, now);
    else {
        set_state(c, IDLE);
        interest(c, EPOLLIN);
    }
}

static void open_conn(struct conn *c) {
    struct sockaddr_in address = loopback(TOLD(PORT));
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    c->done = 0;
    no_delay(c->fd);
    set_state(c, CONNECTING);
    if (connect(c->fd, (void *)&address, sizeof address) && errno != EINPROGRESS) {
        perror("The load generator cannot connect");
        exit(1);
    }
    struct epoll_event e = {.events = c->interest = EPOLLOUT, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}

static void completed(struct conn *c) {
    answer_over(&c->answer);
    c->done++;
    if (c->closing && !TOLD(WAVES) && !TOLD(REQUESTS))
        lost(c, &total.reconnected);
    else
        next(c);
}

/* The bytes of `data` after the head. Sets `n` to how many there are; NULL while the head has not ended. */
static const char *after_head(struct conn *c, const char *data, size_t *n) {
    size_t before = c->head_len, take = *n < HEAD - 1 - before ? *n : HEAD - 1 - before;
    memcpy(c->head + before, data, take);
    c->head[c->head_len += take] = 0;
    char *end = strstr(c->head + (before > 3 ? before - 3 : 0), "\r\n\r\n");
    if (!end)
        return NULL;
    end[2] = 0;
    size_t used = end + 4 - c->head - before;
    *n -= used;
    c->coded = strcasestr(c->head, "\ntransfer-encoding: chunked") != NULL;
    c->closing = strcasestr(c->head, "\nconnection: close") != NULL;
    c->left = field_number(c->head, "\ncontent-length:");
    set_state(c, WAIT_BODY);
    return data + used;
}

static void receive(struct conn *c) {
    ssize_t got = read(c->fd, input, READ);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0 || c->state == IDLE || c->state == CONNECTING) {
        lost(c, c->state == IDLE ? &total.reconnected : &total.broken);
        return;
    }
    now = now_ns();
    size_t n = got;
    const char *data = c->state == WAIT_HEAD ? after_head(c, input, &n) : input;
    if (!data)
        return;
    if (strncmp(c->head + 8, " 200", 4)) {
        lost(c, &total.refused);
        return;
    }
    while (c->coded && n && c->coding.state != OVER) {
        const char *piece;
        size_t size, used = dechunk(&c->coding, data, n, &piece, &size);
        if (size)
            payload(&c->answer, piece, size);
        data += used;
        n -= used;
    }
    if (!c->coded)
        payload(&c->answer, data, n);
    if (c->coded ? c->coding.state == OVER : (long)c->answer.got >= c->left)
        completed(c);
}

static void mark(const char *name, bool *flag, struct totals *copy, int64_t *at) {
    puts(name);
    fflush(stdout);
    *flag = true;
    *copy = total;
    *at = now_ns();
    for (long i = 0; ended && TOLD(STALL) && i < TOLD(CONNS); i++)
        interest(&conns[i], EPOLLIN);
}

/* Does what is due and returns the time of what is next. */
static int64_t tick(void) {
    now = now_ns();
    if (!begun && (TOLD(WAVES) ? (wave == 1 && !busy && !idle && opened) || now >= give_up_at : now >= begin_at))
        mark("begin", &begun, &at_begin, &begin_at);
    if (begun && !ended && (TOLD(WAVES) ? (wave > TOLD(WAVES) && !busy && !idle) || now >= give_up_at : now >= end_at))
        mark("end", &ended, &at_end, &end_at);
    if (TOLD(WAVES) && !busy && !idle && wave <= TOLD(WAVES) && now >= start_at + wave * TOLD(WAVE) * MILLION) {
        opened = 0;
        wave_at = now + BREATH;
        wave++;
    }
    if (TOLD(WAVES) && idle == TOLD(CONNS) && now >= wave_at)
        for (long i = 0; i < TOLD(CONNS); i++)
            start(&conns[i], now_ns());
    for (; !ended && opened < TOLD(CONNS) && now >= start_at + opened * TOLD(SPREAD) * 1000; opened++)
        open_conn(&conns[opened]);
    for (; TOLD(RATE) && !ended && idle && now >= next_request; next_request += 1000 * MILLION / TOLD(RATE)) {
        total.late += now - next_request > MILLION;
        while (conns[cursor].state != IDLE)
            cursor = (cursor + 1) % TOLD(CONNS);
        start(&conns[cursor], next_request);
        cursor = (cursor + 1) % TOLD(CONNS); /* in turn, so that every connection stays in use */
    }
    int64_t when = ended ? give_up_at : begun ? end_at : begin_at;
    if (TOLD(RATE) && !ended && idle && next_request < when)
        when = next_request;
    if (!ended && opened < TOLD(CONNS) && start_at + opened * TOLD(SPREAD) * 1000 < when)
        when = start_at + opened * TOLD(SPREAD) * 1000;
    return TOLD(WAVES) && now < give_up_at ? now + MILLION : when;
}

static void prepare(void) {
    request_len = put_request(&request);
    expect_answers();
    conns = calloc(TOLD(CONNS), sizeof *conns);
    ep = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(ep, EPOLL_CTL_ADD, timer, &e);
    start_at = next_request = now_ns();
    begin_at = start_at + TOLD(WARM) * MILLION;
    end_at = begin_at + TOLD(RUN) * MILLION;
    give_up_at = end_at + (TOLD(LIMIT) + TOLD(WAVES) * TOLD(WAVE)) * MILLION;
}

static void handle(struct conn *c, uint32_t events) {
    if (c->state == CONNECTING && events & (EPOLLERR | EPOLLHUP))
        lost(c, &total.broken);
    else if (c->state == CONNECTING)
        next(c);
    else if (events & EPOLLOUT && c->state != CLOSED)
        send_request(c);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP) && c->state != CLOSED)
        receive(c);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    read_told(argc, argv);
    prepare();
    for (int64_t armed = 0, due; due = tick(), !ended || (busy && now < due);) {
        if (due != armed)
            arm(timer, armed = due);
        struct epoll_event events[256];
        int n = epoll_wait(ep, events, 256, -1);
        uint64_t ticks;
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                handle(events[i].data.ptr, events[i].events);
            else
                (void)!read(timer, &ticks, sizeof ticks);
    }
    report(&at_begin, &at_end, (end_at - begin_at) / 1e9, busy);
}
