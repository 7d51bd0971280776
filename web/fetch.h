/* web/fetch.h - questions to other houses over HTTP (libcurl), and what every outgoing connection keeps to (outbox.c too). */
#ifndef SUYUAN_FETCH_H
#define SUYUAN_FETCH_H

#include <sys/socket.h>

#include "kernel/kernel.h"

/* GET of an address whose host the setting "fetch_hosts" names; https, or http to a loopback address that is named itself. A private
 * address is reached only when the list names that address. No redirect is followed; 10 s, 1 MiB. */
extern const struct fetcher web_fetcher;

bool address_private(const struct sockaddr *sa);      /* not of the open net: loopback, local, shared, multicast */
void *curl_prepared(void);                            /* a CURL handle with the time limits of this house; NULL: no memory */

#endif
