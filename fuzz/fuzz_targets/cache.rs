#![no_main]

hotcue_fuzz::target!(hotcue::fuzzing::cache);
