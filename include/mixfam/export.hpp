#pragma once

/// Marks what the compiled library offers; everything else stays hidden.
#define MIXFAM_API __attribute__((visibility("default")))
