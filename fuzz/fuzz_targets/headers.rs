#![no_main]

hotcue_fuzz::target!(ogg hotcue::fuzzing::headers);
