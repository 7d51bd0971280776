/* tests/unit/test_ident_main.c - runs `suyuan ident` alone, for tests and comparisons. Not installed. */
#include <stdio.h>

int cli_ident(int argc, char **argv, FILE *in, FILE *out);

int main(int argc, char **argv) { return cli_ident(argc, argv, stdin, stdout); }
