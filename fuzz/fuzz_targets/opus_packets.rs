#![no_main]

hotcue_fuzz::target!(hotcue::fuzzing::opus_packets);
