//! What fuzzing found worth keeping still passes, and so do empty inputs and random ones.

use std::fs;
use std::path::Path;

#[test]
fn every_input_of_the_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in konf_fuzz::TARGETS {
        target(&[]);
        let inputs = fs::read_dir(corpus.join(name)).expect("a folder for each target");
        let mut seen = 0;
        for input in inputs {
            let path = input.expect("an input").path();
            // Printed when it panics.
            println!("{}", path.display());
            target(&fs::read(&path).expect("its octets"));
            seen += 1;
        }
        assert!(seen > 0, "{name} has no corpus");
    }
}
