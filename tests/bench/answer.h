/* Answers as they arrive: every byte compared with what the engine must have sent, and counted. */
#pragma once
#include "samples.h"
#include "told.h"

struct answer {
    bool begun;
    char last;
    size_t got, event_len;
    uint32_t seq;
    int64_t started;
    char event[EVENT];
};

struct totals {
    long requests, chunks, bytes, refused, broken, bad, reconnected, late;
};

static struct totals total;
static struct samples chunk = {.name = "chunk"}, first = {.name = "first"}, whole = {.name = "request"};
static int64_t now;
static bool begun, ended;
static char *expected;

static void expect_answers(void) {
    expected = malloc(TOLD(REPLY));
    put_answer(expected, TOLD(REPLY), TOLD(PROMPT));
}

static void note(struct samples *s, int64_t ns) {
    if (begun && !ended)
        sample(s, ns);
}

static void check_event(struct answer *a, const char *data) {
    static char right[EVENT];
    if (a->seq == TOLD(CHUNKS)) {
        total.bad += memcmp(data, "data: [DONE]\n\n", DONE_EVENT) != 0;
        a->seq++;
        return;
    }
    put_event(right, a->seq++, 0);
    memcpy(right + STAMP_AT, data + STAMP_AT, STAMP);
    total.bad += memcmp(data, right, EVENT) != 0;
    total.chunks++;
    note(&chunk, now - strtoll(right + STAMP_AT, NULL, 10));
    if (a->seq == 1)
        note(&first, now - a->started);
}

static void read_events(struct answer *a, const char *data, size_t n) {
    while (n) {
        if (a->seq > TOLD(CHUNKS)) {
            total.bad++;
            return;
        }
        size_t size = a->seq < TOLD(CHUNKS) ? EVENT : DONE_EVENT, take = size - a->event_len < n ? size - a->event_len : n;
        if (take == size)
            check_event(a, data);
        else {
            memcpy(a->event + a->event_len, data, take);
            if ((a->event_len += take) == size) {
                check_event(a, a->event);
                a->event_len = 0;
            }
        }
        data += take;
        n -= take;
    }
}

static void count_events(struct answer *a, const char *data, size_t n) {
    for (size_t i = 0; i < n; a->last = data[i++]) {
        if (data[i] != '\n' || a->last != '\n')
            continue;
        total.chunks++;
        if (!a->begun)
            note(&first, now - a->started);
        a->begun = true;
    }
}

static void payload(struct answer *a, const char *data, size_t n) {
    total.bytes += n;
    if (TOLD(STREAM) && TOLD(LOOSE) > 1)
        count_events(a, data, n);
    else if (TOLD(STREAM))
        read_events(a, data, n);
    else if (!TOLD(LOOSE))
        total.bad += (long)(a->got + n) > TOLD(REPLY) || memcmp(expected + a->got, data, n);
    a->got += n;
}

static void answer_over(struct answer *a) {
    bool whole_stream = TOLD(LOOSE) > 1 || a->seq == TOLD(CHUNKS) + 1, whole_reply = TOLD(LOOSE) || (long)a->got == TOLD(REPLY);
    total.bad += !(TOLD(STREAM) ? whole_stream : whole_reply);
    total.requests++;
    note(&whole, now - a->started);
}

static void report(const struct totals *from, const struct totals *to, double seconds, long unfinished) {
    printf("{\"seconds\":%.6f,\"requests\":%ld,\"chunks\":%ld,\"bytes\":%ld,", seconds,
           to->requests - from->requests, to->chunks - from->chunks, to->bytes - from->bytes);
    printf("\"all_requests\":%ld,\"all_chunks\":%ld,\"refused\":%ld,\"broken\":%ld,\"bad\":%ld,\"reconnected\":%ld,"
           "\"late\":%ld,\"unfinished\":%ld", total.requests, total.chunks, total.refused, total.broken, total.bad,
           total.reconnected, total.late, unfinished);
    print_samples(&chunk);
    print_samples(&first);
    print_samples(&whole);
    puts("}");
}
