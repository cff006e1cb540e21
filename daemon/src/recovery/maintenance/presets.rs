//! IB's reset windows as data. Three published vintages differ, and nobody knows which holds: the operator chooses one, or
//! none and writes his own.

use jiff::civil::{Time, Weekday, time};
use serde::{Deserialize, Serialize};

use crate::domain::recovery::WindowKind;

/// Which publication of the reset windows to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// IB's page on system status, as of late.
    #[default]
    Recent,
    /// The same page in December 2024.
    #[serde(rename = "december2024")]
    December2024,
    /// What IBAutomater keeps away from: the widest.
    Padded,
    /// None: only the windows of the configuration.
    None,
}

/// Which of IB's servers the account logs in to; paper accounts usually to those in America.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// New York time.
    #[default]
    NorthAmerica,
    /// Central European time.
    Europe,
    /// Hong Kong time.
    Asia,
}

impl Region {
    const fn time_zone(self) -> &'static str {
        match self {
            Region::NorthAmerica => NEW_YORK,
            Region::Europe => "Europe/Zurich",
            Region::Asia => "Asia/Hong_Kong",
        }
    }
}

/// IB's own clock: the weekend and the end of a login go by it everywhere.
pub const NEW_YORK: &str = "America/New_York";

/// A window as published: the days it begins on, and how many midnights later it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub name: &'static str,
    pub kind: WindowKind,
    pub time_zone: &'static str,
    pub days: Vec<Weekday>,
    pub from: Time,
    pub to: Time,
    pub midnights: i8,
}

const ALL_DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// The windows of a vintage in a region.
pub fn windows(preset: Preset, region: Region) -> Vec<Published> {
    use Region::{Asia, Europe, NorthAmerica};
    type Span = (Time, Time);
    let span = |from: (i8, i8), to: (i8, i8)| (time(from.0, from.1, 0, 0), time(to.0, to.1, 0, 0));
    let nightly: Vec<Span> = match (preset, region) {
        (Preset::None, _) => return Vec::new(),
        (Preset::Recent, NorthAmerica) => vec![span((0, 15), (1, 45))],
        (Preset::Recent, Europe) => vec![span((6, 25), (7, 45))],
        (Preset::Recent, Asia) => vec![span((4, 45), (6, 5)), span((20, 15), (21, 15))],
        (Preset::December2024, NorthAmerica) => vec![span((23, 45), (0, 45))],
        (Preset::December2024, Europe) => vec![span((5, 45), (6, 45))],
        (Preset::December2024, Asia) => vec![span((20, 15), (21, 0))],
        (Preset::Padded, NorthAmerica) => vec![span((23, 30), (1, 0))],
        (Preset::Padded, Europe) => vec![span((5, 30), (7, 0))],
        (Preset::Padded, Asia) => vec![span((16, 15), (17, 15)), span((20, 0), (21, 15))],
    };
    // Only America's nights have days in the publications; elsewhere every day is the careful reading.
    let day_off = match (preset, region) {
        (Preset::Recent, NorthAmerica) => Some(Weekday::Saturday),
        (Preset::December2024, NorthAmerica) => Some(Weekday::Friday),
        _ => None,
    };
    let days: Vec<Weekday> = ALL_DAYS.into_iter().filter(|day| Some(*day) != day_off).collect();
    let published = |(from, to): Span, time_zone| Published {
        name: "IB server reset",
        kind: WindowKind::Reset,
        time_zone,
        days: days.clone(),
        from,
        to,
        midnights: i8::from(to <= from),
    };
    let mut all: Vec<Published> = nightly
        .into_iter()
        .map(|span| published(span, region.time_zone()))
        .collect();
    if (preset, region) == (Preset::December2024, Asia) {
        // Published in New York time, unlike its evening.
        all.push(published(span((16, 45), (17, 45)), NEW_YORK));
    }
    let (from, to, midnights) = match preset {
        Preset::Padded => (time(22, 45, 0, 0), time(2, 0, 0, 0), 2),
        _ => (time(23, 0, 0, 0), time(3, 0, 0, 0), 1),
    };
    all.push(Published {
        name: "IB weekend maintenance",
        kind: WindowKind::Weekend,
        time_zone: NEW_YORK,
        days: vec![Weekday::Friday],
        from,
        to,
        midnights,
    });
    all
}
