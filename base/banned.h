/* base/banned.h - functions that overflow, truncate silently or keep hidden state do not compile. */
#ifndef SUYUAN_BANNED_H
#define SUYUAN_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets strncpy strncat atoi atol atof localtime gmtime ctime asctime rand srand

#endif
