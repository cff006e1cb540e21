//! From a seed to a run: mostly trading, and trouble of the kinds that the run's weather brings.

use crate::chance::Chance;
use crate::operation::{
    FeeFate, Kind, Operation as Op, Opinion, ReadingFate, ReportFate, Submission, Term, UnderWay, Way,
    WriteFate,
};
use crate::world::Making;

/// How far back an operation names an order.
const RECENT: u64 = 12;

/// Which kinds of trouble a run has, each with its weight against a thousand of trade and time.
#[derive(Debug, Clone, Copy)]
struct Weather {
    wire: u32,
    session: u32,
    broker: u32,
    crash: u32,
    ledger: u32,
    operator: u32,
    outside: u32,
}

impl Weather {
    /// One in eight runs is calm, one in eight has everything; the others have some.
    fn of(chance: &mut Chance) -> Self {
        let kind = chance.below(8);
        let mut weight = |most: u32| match kind {
            0 => 0,
            7 => most,
            _ => chance.weighted(&[(2, 0), (1, most / 3), (1, most)]).unwrap_or(0),
        };
        Weather {
            wire: weight(180),
            session: weight(60),
            broker: weight(90),
            crash: weight(25),
            ledger: weight(25),
            operator: weight(50),
            outside: weight(60),
        }
    }
}

/// The run of a seed: what the world is made of, and so many operations.
pub fn run(seed: u64, length: usize) -> (Making, Vec<Op>) {
    let mut chance = Chance::new(seed);
    let making = Making {
        seed,
        risk_plugins: chance.one_in(3),
        plant: None,
    };
    let weather = Weather::of(&mut chance);
    let mut generator = Generator {
        chance,
        weather,
        next_id: 1,
    };
    let operations = std::iter::repeat_with(|| generator.operation()).take(length);
    (making, operations.collect())
}

struct Generator {
    chance: Chance,
    weather: Weather,
    next_id: u64,
}

type Maker = fn(&mut Generator) -> Op;

impl Generator {
    fn operation(&mut self) -> Op {
        let weather = self.weather;
        let makers: [(u32, Maker); 12] = [
            (330, Generator::wait),
            (330, Generator::submit),
            (110, Generator::replace),
            (90, Generator::cancel),
            (90, Generator::fill),
            (40, Generator::market),
            (weather.wire, Generator::wire),
            (weather.session, Generator::session),
            (weather.broker, Generator::broker),
            (weather.crash, Generator::crash),
            (weather.ledger + weather.operator, Generator::operator),
            (weather.outside, Generator::outside),
        ];
        match self.chance.weighted(&makers) {
            Some(make) => make(self),
            None => Op::Wait(1),
        }
    }

    fn ms(&mut self, most: i64) -> u32 {
        // Short times are as likely as long ones.
        let most = self.chance.between(1, most);
        u32::try_from(self.chance.between(1, most)).unwrap_or(1)
    }

    fn recent(&mut self) -> u64 {
        let back = self.chance.below(RECENT) + 1;
        self.next_id.saturating_sub(back).max(1)
    }

    fn plugin(&mut self) -> u16 {
        self.chance.weighted(&[(60, 0), (40, 1), (1, 9)]).unwrap_or(0)
    }

    fn instrument(&mut self) -> u32 {
        self.chance.weighted(&[(60, 0), (40, 1)]).unwrap_or(0)
    }

    fn way(&mut self) -> Way {
        self.chance
            .weighted(&[(1, Way::Buy), (1, Way::Sell)])
            .unwrap_or(Way::Buy)
    }

    fn wait(&mut self) -> Op {
        let most = self
            .chance
            .weighted(&[(10, 3), (10, 30), (6, 300), (3, 2_000), (1, 20_000)])
            .unwrap_or(3);
        Op::Wait(self.ms(most))
    }

    fn submit(&mut self) -> Op {
        let mut id = self.next_id;
        if self.chance.one_in(60) {
            id = self.recent();
        } else {
            self.next_id += 1;
        }
        let offset = self.chance.between(-60, 60);
        let kinds = [
            (6, Kind::Limit(offset)),
            (3, Kind::Market),
            (1, Kind::Stop(offset)),
            (1, Kind::StopLimit(offset)),
            (1, Kind::Limit(offset * 400)),
        ];
        let quantity = i32::try_from(self.chance.between(1, 300)).unwrap_or(1);
        let nonsense = [(60, quantity), (1, 0), (1, -quantity), (1, 100_000)];
        let instrument = self.instrument();
        Op::Submit(Submission {
            id,
            plugin: self.plugin(),
            instrument: self.chance.weighted(&[(80, instrument), (1, 7)]).unwrap_or(0),
            way: self.way(),
            quantity: self.chance.weighted(&nonsense).unwrap_or(1),
            kind: self.chance.weighted(&kinds).unwrap_or(Kind::Market),
            term: self
                .chance
                .weighted(&[(6, Term::Day), (2, Term::Gtc), (1, Term::Ioc)])
                .unwrap_or(Term::Day),
            reduce_only: self.chance.one_in(8),
        })
    }

    fn replace(&mut self) -> Op {
        Op::Replace {
            id: self.recent(),
            plugin: self.plugin(),
            quantity: i32::try_from(self.chance.between(0, 350)).unwrap_or(1),
            price: self.chance.between(-60, 60),
        }
    }

    fn cancel(&mut self) -> Op {
        let plugin = self.plugin();
        if self.chance.one_in(12) {
            return Op::CancelAll { plugin };
        }
        let id = self.recent();
        Op::Cancel { id, plugin }
    }

    fn fill(&mut self) -> Op {
        let some = self.chance.between(1, 200);
        Op::Fill {
            id: self.recent(),
            quantity: self.chance.weighted(&[(1, 0), (2, some)]).unwrap_or(0),
        }
    }

    fn market(&mut self) -> Op {
        if self.chance.one_in(20) {
            return Op::Quotes(!self.chance.one_in(3));
        }
        Op::Move {
            instrument: self.instrument(),
            cents: self.chance.between(-80, 80),
        }
    }

    fn wire(&mut self) -> Op {
        let late = self.ms(8_000);
        match self.chance.below(4) {
            0 => Op::NextWrite(match self.chance.below(5) {
                0 => WriteFate::Lost,
                1 | 2 => WriteFate::Late(late),
                3 => WriteFate::Failed {
                    arrives: self.chance.one_in(2),
                },
                _ => WriteFate::Busy,
            }),
            1 | 2 => Op::NextReport(match self.chance.below(3) {
                0 => ReportFate::Lost,
                1 => ReportFate::Twice(late),
                _ => ReportFate::Late(late),
            }),
            _ => Op::NextFee(match self.chance.below(4) {
                0 => FeeFate::Never,
                1 => FeeFate::Twice,
                2 => FeeFate::Early,
                _ => FeeFate::Late(late),
            }),
        }
    }

    fn under_way(&mut self) -> UnderWay {
        let late = self.ms(8_000);
        self.chance
            .pick(&[UnderWay::Lost, UnderWay::Arrive, UnderWay::Late(late)])
            .unwrap_or(UnderWay::Lost)
    }

    fn session(&mut self) -> Op {
        let back = self.ms(3_000);
        match self.chance.below(12) {
            0..=3 => Op::Drop {
                writes: self.under_way(),
                reports_read: self.chance.one_in(2),
                noticed: self.ms(4_000),
                back,
            },
            4 => Op::UpstreamLost,
            5 | 6 => Op::UpstreamRestored {
                data_lost: self.chance.one_in(2),
            },
            7 => Op::GatewayRestart { back },
            8 => Op::Lag,
            9 => Op::Proved(!self.chance.one_in(3)),
            10 => Op::ForgetOrderIds,
            _ => Op::NextReading(match self.chance.below(3) {
                0 => ReadingFate::Failed,
                1 => ReadingFate::Silent,
                _ => ReadingFate::Old(self.ms(2_000)),
            }),
        }
    }

    fn broker(&mut self) -> Op {
        match self.chance.below(10) {
            0 => Op::BrokerCancel { id: self.recent() },
            1 | 2 => Op::Deactivate {
                id: self.recent(),
                out: self.chance.one_in(2),
            },
            3 => Op::Correct {
                back: u32::try_from(self.chance.below(4)).unwrap_or(0),
                less: self.chance.between(0, 20),
            },
            4 => Op::SplitNext,
            5 => Op::RefusePlace(self.chance.pick(&[201, 110, 321, 10_289]).unwrap_or(201)),
            6 => Op::RefuseChange(self.chance.pick(&[110, 201, 321]).unwrap_or(110)),
            7 => Op::TerseFills(self.chance.one_in(2)),
            _ => Op::Remark {
                id: self.recent(),
                code: self.chance.pick(&[399, 404, 10_349, 99_999]).unwrap_or(399),
            },
        }
    }

    fn crash(&mut self) -> Op {
        let back = self.ms(3_000);
        if self.chance.one_in(8) {
            return Op::Restart { back };
        }
        Op::Crash {
            steps: u32::try_from(self.chance.below(12)).unwrap_or(0),
            writes: self.under_way(),
            back,
        }
    }

    fn operator(&mut self) -> Op {
        let total = u64::from(self.weather.ledger + self.weather.operator);
        if self.chance.below(total.max(1)) < u64::from(self.weather.ledger) {
            return match self.chance.one_in(2) {
                true => Op::LedgerFails(self.ms(3_000)),
                false => Op::NextVerdict(
                    self.chance
                        .pick(&[Opinion::Deny, Opinion::Halve, Opinion::Widen, Opinion::Fail])
                        .unwrap_or(Opinion::Deny),
                ),
            };
        }
        match self.chance.below(12) {
            0 => Op::Halt {
                cancel: self.chance.one_in(2),
            },
            1 => Op::Kill,
            2..=6 => Op::Resume,
            7 | 8 => Op::OperatorCancel { id: self.recent() },
            9 | 10 => Op::Reconcile,
            _ => Op::PluginFails {
                plugin: self.plugin(),
                quarantined: self.chance.one_in(2),
            },
        }
    }

    fn outside(&mut self) -> Op {
        let (instrument, way) = (self.instrument(), self.way());
        let quantity = self.chance.between(1, 100);
        match self.chance.below(3) {
            0 => Op::ExternalFill {
                instrument,
                way,
                quantity,
            },
            1 => Op::ExternalOrder {
                instrument,
                way,
                quantity,
                price: self.chance.between(-80, 80),
            },
            _ => Op::Assign {
                instrument,
                quantity: if way == Way::Buy { quantity } else { -quantity },
            },
        }
    }
}
