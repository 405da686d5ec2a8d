/* What the system allows: a bare loop that writes one prebuilt frame to every socket.
   `limit PORT BYTES` answers each connection with a websocket handshake; each line on stdin is a round,
   whose cost in nanoseconds of CPU goes to stdout. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 30000 };
static const char *WELCOME = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
static int sockets[MOST], many;

static long long cpu(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void greet(int listening) {
    char request[4096];
    int joined = accept(listening, NULL, NULL);
    if (joined < 0 || many == MOST || read(joined, request, sizeof request) <= 0) return;
    if (write(joined, WELCOME, strlen(WELCOME)) > 0) sockets[many++] = joined;
}

static void write_to_all(const char *frame, int size) {
    long long before = cpu();
    for (int place = 0; place < many; place++)
        if (write(sockets[place], frame, size) != size) fprintf(stderr, "a frame was not taken\n");
    printf("%lld\n", cpu() - before);
    fflush(stdout);
}

int main(int count, char **given) {
    if (count != 3) return 2;
    int size = atoi(given[2]), one = 1, listening = socket(AF_INET, SOCK_STREAM, 0);
    char *frame = calloc(1, size), line[16];
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(given[1]))};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(frame, 'x', size);
    frame[0] = (char)0x81;
    frame[1] = 126;
    frame[2] = (char)((size - 4) >> 8);
    frame[3] = (char)((size - 4) & 255);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listening, (struct sockaddr *)&here, sizeof here) || listen(listening, 4096)) return 1;
    struct pollfd waiting[2] = {{.fd = listening, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    while (poll(waiting, 2, -1) > 0) {
        if (waiting[0].revents) greet(listening);
        if (waiting[1].revents) {
            if (!fgets(line, sizeof line, stdin)) return 0;
            write_to_all(frame, size);
        }
    }
    return 0;
}
