//! Quantiles out of a histogram's buckets, the way PromQL's `histogram_quantile` does it, so that `moorctl` and the
//! dashboard tell the same number.

use prometheus::Registry;
use prometheus::proto::MetricFamily;

/// The histogram whose quantiles the status shows.
pub const TICK_TO_ORDER: &str = "moored_tick_to_order_seconds";

/// Cumulative counts by upper bound, all label sets together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Buckets {
    /// `(upper bound, observations at or below it)`, ascending, without the infinite one.
    bounds: Vec<(f64, u64)>,
    /// All observations.
    total: u64,
}

impl Buckets {
    /// The histogram of that name in a registry; `None` if there is none or nothing was observed.
    pub fn gather(registry: &Registry, name: &str) -> Option<Buckets> {
        let families = registry.gather();
        let family = families.iter().find(|family| family.name() == name)?;
        Buckets::of_family(family)
    }

    fn of_family(family: &MetricFamily) -> Option<Buckets> {
        let mut sum = Buckets::default();
        for metric in family.get_metric() {
            let histogram = metric.get_histogram();
            sum.total += histogram.get_sample_count();
            for bucket in histogram.get_bucket() {
                sum.add(bucket.upper_bound(), bucket.cumulative_count());
            }
        }
        (sum.total > 0).then_some(sum)
    }

    fn add(&mut self, bound: f64, count: u64) {
        if !bound.is_finite() {
            return;
        }
        match self.bounds.binary_search_by(|(known, _)| known.total_cmp(&bound)) {
            Ok(at) => self.bounds[at].1 += count,
            Err(at) => self.bounds.insert(at, (bound, count)),
        }
    }

    /// Observations in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The value below which `q` (0 to 1) of the observations lie, interpolated within its bucket. What lies above
    /// the last bound is told as that bound.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = q * self.total as f64;
        let (mut lower, mut below) = (0.0, 0);
        for &(upper, count) in &self.bounds {
            if count as f64 >= rank && count > below {
                let share = (rank - below as f64) / (count - below) as f64;
                return Some(lower + (upper - lower) * share);
            }
            (lower, below) = (upper, count);
        }
        self.bounds.last().map(|&(bound, _)| bound)
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, HistogramVec};

    use super::*;

    fn registry(observed: &[(&str, f64)]) -> Registry {
        let registry = Registry::new();
        let options = HistogramOpts::new(TICK_TO_ORDER, "test").buckets(vec![1.0, 2.0, 4.0]);
        let histogram = HistogramVec::new(options, &["plugin"]).unwrap();
        registry.register(Box::new(histogram.clone())).unwrap();
        for (plugin, value) in observed {
            histogram.with_label_values(&[*plugin]).observe(*value);
        }
        registry
    }

    #[test]
    fn quantiles_are_interpolated_over_all_label_sets() {
        let registry = registry(&[("a", 0.5), ("a", 1.5), ("b", 1.5), ("b", 3.0)]);
        let buckets = Buckets::gather(&registry, TICK_TO_ORDER).unwrap();
        assert_eq!(buckets.total(), 4);
        // The second of four observations is the first of the two in (1, 2].
        assert_eq!(buckets.quantile(0.5), Some(1.5));
        assert_eq!(buckets.quantile(0.25), Some(1.0));
        assert_eq!(buckets.quantile(1.0), Some(4.0));
    }

    #[test]
    fn what_lies_above_the_last_bound_is_told_as_that_bound() {
        let buckets = Buckets::gather(&registry(&[("a", 100.0)]), TICK_TO_ORDER).unwrap();
        assert_eq!(buckets.quantile(0.99), Some(4.0));
    }

    #[test]
    fn nothing_observed_is_no_quantile() {
        assert_eq!(Buckets::gather(&registry(&[]), TICK_TO_ORDER), None);
        assert_eq!(Buckets::gather(&Registry::new(), TICK_TO_ORDER), None);
    }
}
