/* kernel/house.h - inside kernel/: the operations of the house itself, in several files, joined by house.c. */
#ifndef SUYUAN_HOUSE_H
#define SUYUAN_HOUSE_H

#include "kernel/inside.h"

extern const struct op account_ops[], record_ops[], desk_ops[], case_ops[], load_ops[], sheet_ops[], package_ops[], export_ops[], erase_ops[], paper_ops[];
extern const size_t account_ops_n, record_ops_n, desk_ops_n, case_ops_n, load_ops_n, sheet_ops_n, package_ops_n, export_ops_n, erase_ops_n, paper_ops_n;
extern const struct type access_type, opening_type, erase_type, anchor_type;
extern const struct flow opening_flow;

#endif
