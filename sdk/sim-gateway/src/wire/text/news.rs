//! News as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::news::{
    CancelNewsBulletins, CancelWshEventData, CancelWshMetaData, HistoricalNews, HistoricalNewsEnd,
    HistoricalNewsRequest, NewsArticle, NewsArticleRequest, NewsBulletin, NewsBulletinsRequest,
    NewsProviders, NewsProvidersRequest, TickNews, WshEventData, WshEventDataRequest, WshMetaData,
    WshMetaDataRequest,
};

super::pending_request!(NewsBulletinsRequest, NEWS_BULLETINS);
super::pending_request!(CancelNewsBulletins, CANCEL_NEWS_BULLETINS);
super::pending_request!(NewsArticleRequest, NEWS_ARTICLE);
super::pending_request!(NewsProvidersRequest, NEWS_PROVIDERS);
super::pending_request!(HistoricalNewsRequest, HISTORICAL_NEWS);
super::pending_request!(WshMetaDataRequest, WSH_META_DATA);
super::pending_request!(CancelWshMetaData, CANCEL_WSH_META_DATA);
super::pending_request!(WshEventDataRequest, WSH_EVENT_DATA);
super::pending_request!(CancelWshEventData, CANCEL_WSH_EVENT_DATA);
super::pending_response!(NewsBulletin, NEWS_BULLETIN);
super::pending_response!(NewsArticle, NEWS_ARTICLE);
super::pending_response!(TickNews, TICK_NEWS);
super::pending_response!(NewsProviders, NEWS_PROVIDERS);
super::pending_response!(HistoricalNews, HISTORICAL_NEWS);
super::pending_response!(HistoricalNewsEnd, HISTORICAL_NEWS_END);
super::pending_response!(WshMetaData, WSH_META_DATA);
super::pending_response!(WshEventData, WSH_EVENT_DATA);
