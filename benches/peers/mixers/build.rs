//! Compiles miniaudio's engine from the header that `MINIAUDIO` names the folder of.

fn main() {
    println!("cargo::rerun-if-env-changed=MINIAUDIO");
    println!("cargo::rerun-if-changed=src/engine.c");
    let folder = std::env::var("MINIAUDIO").expect("MINIAUDIO names the folder of miniaudio.h");
    // As its documentation advises for release builds.
    cc::Build::new()
        .file("src/engine.c")
        .include(folder)
        .opt_level(3)
        .warnings(false)
        .compile("engine");
}
