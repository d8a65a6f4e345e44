//! Tests of what readers may rely on.
