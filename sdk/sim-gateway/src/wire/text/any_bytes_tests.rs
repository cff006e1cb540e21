//! Whatever a client sends, reading it ends in a message or an error.

use proptest::prelude::*;

use super::{FieldError, Fields, Request};
use crate::wire::messages::{
    account, advisor, bars, contract, depth, execution, market, news, option, order, scanner, session,
    settings, ticks,
};

type Read = fn(&mut Fields<'_>) -> Result<(), FieldError>;

fn read<M: Request>(fields: &mut Fields<'_>) -> Result<(), FieldError> {
    M::read(fields).map(drop)
}

const READERS: &[Read] = &[
    read::<advisor::FaReplace>,
    read::<advisor::FaRequest>,
    read::<advisor::SoftDollarTiersRequest>,
    read::<bars::CancelHeadTimestamp>,
    read::<bars::CancelHistogramData>,
    read::<bars::CancelHistoricalData>,
    read::<bars::CancelRealTimeBars>,
    read::<bars::HeadTimestampRequest>,
    read::<bars::HistogramDataRequest>,
    read::<bars::HistoricalDataRequest>,
    read::<bars::RealTimeBarsRequest>,
    read::<depth::CancelMarketDepth>,
    read::<depth::MarketDepthExchangesRequest>,
    read::<depth::MarketDepthRequest>,
    read::<depth::SmartComponentsRequest>,
    read::<market::CancelMarketData>,
    read::<market::MarketDataRequest>,
    read::<market::MarketDataTypeRequest>,
    read::<news::CancelNewsBulletins>,
    read::<news::CancelWshEventData>,
    read::<news::CancelWshMetaData>,
    read::<news::HistoricalNewsRequest>,
    read::<news::NewsArticleRequest>,
    read::<news::NewsBulletinsRequest>,
    read::<news::NewsProvidersRequest>,
    read::<news::WshEventDataRequest>,
    read::<news::WshMetaDataRequest>,
    read::<option::CalculateImpliedVolatilityRequest>,
    read::<option::CalculateOptionPriceRequest>,
    read::<option::CancelCalculateImpliedVolatility>,
    read::<option::CancelCalculateOptionPrice>,
    read::<option::SecDefOptParamsRequest>,
    read::<scanner::CancelScannerSubscription>,
    read::<scanner::ScannerParametersRequest>,
    read::<scanner::ScannerSubscriptionRequest>,
    read::<settings::ConfigRequest>,
    read::<settings::QueryDisplayGroupsRequest>,
    read::<settings::SubscribeToGroupEventsRequest>,
    read::<settings::UnsubscribeFromGroupEventsRequest>,
    read::<settings::UpdateConfigRequest>,
    read::<settings::UpdateDisplayGroupRequest>,
    read::<ticks::CancelHistoricalTicks>,
    read::<ticks::CancelTickByTick>,
    read::<ticks::HistoricalTicksRequest>,
    read::<ticks::TickByTickRequest>,
    read::<account::AccountDataRequest>,
    read::<account::AccountSummaryRequest>,
    read::<account::AccountUpdatesMultiRequest>,
    read::<account::CancelAccountSummary>,
    read::<account::CancelAccountUpdatesMulti>,
    read::<account::CancelPnl>,
    read::<account::CancelPnlSingle>,
    read::<account::CancelPositions>,
    read::<account::CancelPositionsMulti>,
    read::<account::FamilyCodesRequest>,
    read::<account::ManagedAccountsRequest>,
    read::<account::PnlRequest>,
    read::<account::PnlSingleRequest>,
    read::<account::PositionsMultiRequest>,
    read::<account::PositionsRequest>,
    read::<contract::CancelContractData>,
    read::<contract::ContractDataRequest>,
    read::<contract::MarketRuleRequest>,
    read::<contract::MatchingSymbolsRequest>,
    read::<execution::ExecutionRequest>,
    read::<order::AllOpenOrdersRequest>,
    read::<order::AutoOpenOrdersRequest>,
    read::<order::CancelOrderRequest>,
    read::<order::CompletedOrdersRequest>,
    read::<order::ExerciseOptionsRequest>,
    read::<order::GlobalCancelRequest>,
    read::<order::OpenOrdersRequest>,
    read::<order::PlaceOrderRequest>,
    read::<session::CurrentTimeInMillisRequest>,
    read::<session::CurrentTimeRequest>,
    read::<session::IdsRequest>,
    read::<session::SetServerLogLevelRequest>,
    read::<session::StartApiRequest>,
    read::<session::UserInfoRequest>,
    read::<session::VerifyMessageRequest>,
    read::<session::VerifyRequest>,
];

/// A field that gets further than random bytes do.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        (-3..40_i64).prop_map(|number| number.to_string()),
        Just("2147483647".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("1.7976931348623157E308".to_owned()),
        Just("NaN".to_owned()),
        Just("BAG".to_owned()),
        Just("a=b;;=;c".to_owned()),
        "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn bytes_of_any_kind(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for reader in READERS {
            let _ = reader(&mut Fields::new(&bytes, 178));
        }
    }

    #[test]
    fn fields_of_any_kind(fields in proptest::collection::vec(field(), 0..40)) {
        let bytes = fields.join("\0").into_bytes();
        for reader in READERS {
            let _ = reader(&mut Fields::new(&bytes, 176));
        }
    }
}
