/* What engine.c and load.c must agree on: the events and answers, byte for byte, and the chunked coding. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENT = 232, FRAMED = 4 + EVENT + 2, WORD = 8, WORDS = 16, DONE_EVENT = 14 };

static const char EVENT_FORM[] =
    "data: {\"id\":\"chatcmpl-bench-stand-in\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-mini\","
    "\"seq\":########,\"at\":@@@@@@@@@@@@@@@@@@@,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"________\"},"
    "\"finish_reason\":null}]}\n\n";
enum { SEQ_AT = 120, STAMP_AT = 134, STAMP = 19, WORD_AT = 196 };
_Static_assert(sizeof EVENT_FORM - 1 == EVENT, "an event has 232 bytes");

/* Seven letters and a blank each: one token in OpenAI's vocabularies. */
static const char VOCABULARY[] =
    " capital problem company service country network general program"
    " science history machine quality process support picture message";
_Static_assert(sizeof VOCABULARY - 1 == WORD * WORDS, "sixteen words of eight bytes");

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A number flush right in `width` bytes, blanks before it: valid JSON after a colon. */
static inline void put_number(char *to, int width, uint64_t value) {
    memset(to, ' ', width);
    do
        to[--width] = '0' + value % 10;
    while ((value /= 10) && width);
}

/* One event as it is in the stream. */
static inline void put_event(char *to, uint32_t seq, int64_t at) {
    memcpy(to, EVENT_FORM, EVENT);
    put_number(to + SEQ_AT, 8, seq);
    put_number(to + STAMP_AT, STAMP, at);
    memcpy(to + WORD_AT, VOCABULARY + seq % WORDS * WORD, WORD);
}

/* `size` bytes of words; the same for the same seed. */
static inline void put_words(char *to, size_t size, uint32_t seed) {
    for (size_t at = 0; at < size; at += WORD) {
        seed = seed * 1664525u + 1013904223u;
        memcpy(to + at, VOCABULARY + (seed >> 28) * WORD, size - at < WORD ? size - at : WORD);
    }
}

/* Fills `size` bytes with `before`, words and `after`; says so and ends where there is no room. */
static inline void put_document(char *to, size_t size, const char *before, const char *after) {
    size_t head = strlen(before), tail = strlen(after);
    if (head + tail > size) {
        fprintf(stderr, "A body of %zu bytes is too short; %zu are needed at least.\n", size, head + tail);
        exit(2);
    }
    memcpy(to, before, head);
    put_words(to + head, size - head - tail, 1);
    memcpy(to + size - tail, after, tail);
}

/* A whole answer without streaming; it says how many bytes of prompt arrived, so that none is lost unseen. */
static inline void put_answer(char *to, size_t size, long prompt) {
    char before[256];
    snprintf(before, sizeof before,
             "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"gpt-4o-mini\","
             "\"prompt_bytes\":%10ld,\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"",
             prompt);
    put_document(to, size, before, "\"},\"finish_reason\":\"stop\"}]}");
}

/* The chunked coding, piece by piece. */
struct chunked {
    enum { SIZE, EXTENSION, DATA, DATA_END, TRAILER, TRAILER_LINE, OVER } state;
    size_t left;
};

/* Reads on; returns how many bytes were used and sets `piece` and `size` to payload among them (size 0: none). */
static inline size_t dechunk(struct chunked *c, const char *data, size_t n, const char **piece, size_t *size) {
    *size = 0;
    for (size_t i = 0; i < n; i++) {
        char b = data[i];
        switch (c->state) {
        case SIZE:
            if (b == '\n')
                c->state = c->left ? DATA : TRAILER;
            else if (b == ';')
                c->state = EXTENSION;
            else if (b != '\r')
                c->left = c->left * 16 + (b <= '9' ? b - '0' : (b | 32) - 'a' + 10);
            break;
        case EXTENSION:
            if (b == '\n')
                c->state = c->left ? DATA : TRAILER;
            break;
        case DATA:
            *piece = data + i;
            *size = n - i < c->left ? n - i : c->left;
            c->left -= *size;
            if (!c->left)
                c->state = DATA_END;
            return i + *size;
        case DATA_END:
            if (b == '\n')
                c->state = SIZE;
            break;
        case TRAILER:
            if (b == '\n') {
                c->state = OVER;
                return i + 1;
            }
            if (b != '\r')
                c->state = TRAILER_LINE;
            break;
        case TRAILER_LINE:
            if (b == '\n')
                c->state = TRAILER;
            break;
        case OVER:
            return i;
        }
    }
    return n;
}

/* The number after `name` in a head, or -1. */
static inline long field_number(const char *head, const char *name) {
    const char *at = strcasestr(head, name);
    return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

static inline void arm(int timer, int64_t at) {
    struct itimerspec when = {.it_value = {at / 1000000000, at % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static inline void no_delay(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static inline struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A listening socket on the loopback; ends the program where the port cannot be had. */
static inline int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in address = loopback(port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, 4096)) {
        perror("The engine cannot listen");
        exit(1);
    }
    return fd;
}
