#pragma once

/// Marks what libdrawbridge-sdk exports. Plugins are built with hidden visibility and export one constant only.
#define DRAWBRIDGE_API __attribute__((visibility("default")))
