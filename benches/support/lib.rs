//! hotcue.
