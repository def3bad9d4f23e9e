/* What the load generator is told, and the request that follows from it. */
#pragma once
#include "wire.h"

static struct {
    const char *name;
    long value;
} told[] = {
    {"port", 0},     {"conns", 1},    {"stream", 0}, {"chunks", 0},
    {"prompt", 1024}, /* bytes of a request's body */
    {"reply", 1024},  /* bytes of an answer that is not a stream */
    {"warm_ms", 300}, {"run_ms", 1000},
    {"limit_ms", 4000},  /* what is not over this long after the window is given up */
    {"rate", 0},      /* requests a second, 0: the next one follows the answer */
    {"spread_us", 0}, /* time between the first requests of two connections */
    {"requests", 0},  /* requests of each connection, 0: until the window ends */
    {"waves", 0},     /* all connections anew at once, this many times after one to warm up … */
    {"wave_ms", 0},   /* … this far apart */
    {"stall", 0},     /* answers are not read until the window ends */
    {"loose", 0},     /* 1: whole answers are not compared, 2: nor are events, because the proxy writes them anew */
};
enum { PORT, CONNS, STREAM, CHUNKS, PROMPT, REPLY, WARM, RUN, LIMIT, RATE, SPREAD, REQUESTS, WAVES, WAVE, STALL, LOOSE };
#define TOLD(what) told[what].value

/* Reads `name=value` arguments; ends the program at a name that does not exist. */
static void read_told(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        size_t k = 0, size = strcspn(argv[i], "=");
        while (k < sizeof told / sizeof *told && (strncmp(argv[i], told[k].name, size) || told[k].name[size]))
            k++;
        if (k == sizeof told / sizeof *told || argv[i][size] != '=') {
            fprintf(stderr, "The load generator knows no %s; all names are in told.h.\n", argv[i]);
            exit(2);
        }
        told[k].value = atol(argv[i] + size + 1);
    }
}

/* Makes the request, head and body; returns its length. */
static size_t put_request(char **to) {
    char head[512], before[128];
    int size = snprintf(head, sizeof head,
                        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%ld\r\nAccept: application/json\r\n"
                        "Accept-Encoding: identity\r\nAuthorization: Bearer sk-bench\r\nContent-Type: application/json\r\n"
                        "User-Agent: tokentide-bench\r\nContent-Length: %ld\r\n\r\n",
                        TOLD(PORT), TOLD(PROMPT));
    snprintf(before, sizeof before,
             "{\"model\":\"gpt-4o-mini\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"",
             TOLD(STREAM) ? "true" : "false");
    *to = malloc(size + TOLD(PROMPT));
    memcpy(*to, head, size);
    put_document(*to + size, TOLD(PROMPT), before, "\"}]}");
    return size + TOLD(PROMPT);
}
