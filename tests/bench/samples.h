/* Latencies one by one, and their percentiles as JSON. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct samples {
    const char *name;
    size_t n, room;
    int64_t *ns;
};

static void sample(struct samples *s, int64_t ns) {
    if (s->n == s->room)
        s->ns = realloc(s->ns, (s->room = s->room ? 2 * s->room : 65536) * sizeof *s->ns);
    s->ns[s->n++] = ns;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Prints `,"name":{…}` with nearest-rank percentiles in microseconds. */
static void print_samples(struct samples *s) {
    static const struct {
        const char *name;
        double share;
    } ranks[] = {{"p50", .5}, {"p90", .9}, {"p99", .99}, {"p999", .999}, {"max", 1}};
    if (s->n)
        qsort(s->ns, s->n, sizeof *s->ns, by_size);
    printf(",\"%s\":{\"n\":%zu", s->name, s->n);
    for (size_t i = 0; s->n && i < sizeof ranks / sizeof *ranks; i++)
        printf(",\"%s_us\":%.1f", ranks[i].name, s->ns[(size_t)(ranks[i].share * (s->n - 1))] / 1e3);
    printf("}");
}
