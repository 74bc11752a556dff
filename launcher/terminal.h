#pragma once

namespace Atoll {

// How wide the terminal is that stdout goes to; 0 if it goes to none.
int terminal_columns();

// What a table may take: the terminal's width, else COLUMNS, else 80.
int table_width();

}  // namespace Atoll
