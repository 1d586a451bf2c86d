/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pcap_loop.c - the yardstick of bench_replay: reads a capture through libpcap and touches each packet's headers.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char err[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *head;
    const u_char *data;
    uint64_t packets = 0, octets = 0, sum = 0;
    pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], err) : NULL;
    int answer;

    if (!pcap) {
        fprintf(stderr, "pcap_loop: %s\n", argc == 2 ? err : "one capture, please");
        return 1;
    }
    while ((answer = pcap_next_ex(pcap, &head, &data)) == 1) {
        packets++;
        octets += head->caplen;
        if (head->caplen >= 54) /* Ethernet type, IP addresses, TCP ports */
            sum += (uint64_t)data[12] + data[26] + data[30] + data[34] + data[36] + data[47];
    }
    pcap_close(pcap);
    printf("%llu packets, %llu octets, sum %llu\n", (unsigned long long)packets, (unsigned long long)octets,
           (unsigned long long)sum);
    return answer == PCAP_ERROR_BREAK ? 0 : 1;
}
