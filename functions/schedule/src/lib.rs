//! Books capacity, offers what would fit, admits callers, extends conferences.
