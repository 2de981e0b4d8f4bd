/// Nothing to call: an executable that this is linked into tells the thread sanitizer more.
