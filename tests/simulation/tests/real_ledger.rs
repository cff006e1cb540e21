//! The ledger of the simulation against the real one: the same records in, the same memory out.

use moored::ledger::{Config, Ledger};
use prometheus::Registry;
use simulation::generate;
use simulation::world::{Keep, World, instruments, plugins};

/// Every so manyth seed is tried, so that each weather is among them.
const SEEDS: std::ops::Range<u64> = 0..24;

#[test]
fn it_remembers_what_the_real_ledger_remembers() {
    let mut compared = 0;
    for seed in SEEDS {
        let (making, operations) = generate::run(seed, 250);
        let keep = Keep {
            records: true,
            ..Keep::default()
        };
        let outcome = World::run(making, &operations, keep);
        let (batches, expected) = outcome.durable.expect("records are kept");
        let folder = tempfile::tempdir().expect("there is a place for a ledger");
        let config = Config {
            path: folder.path().join("ledger.db"),
            ..Config::default()
        };
        let (mut ledger, _) =
            Ledger::open(&config, &instruments(), &plugins(), &Registry::new()).expect("a new ledger opens");
        for (at, records) in &batches {
            ledger.append(*at, records).expect("the real ledger takes them");
            compared += records.len();
        }
        ledger.close();
        let (ledger, memory) =
            Ledger::open(&config, &instruments(), &plugins(), &Registry::new()).expect("it opens again");
        ledger.close();
        assert_eq!(memory, expected, "seed {seed}");
    }
    assert!(compared > 1_000, "only {compared} records");
}
