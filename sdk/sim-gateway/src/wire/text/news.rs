//! News as text.

use super::{FieldError, Fields, Request, Response, Writer};
use crate::wire::ids::{request, response};
use crate::wire::messages::news::{
    CancelNewsBulletins, CancelWshEventData, CancelWshMetaData, HistoricalNews, HistoricalNewsEnd,
    HistoricalNewsRequest, NewsArticle, NewsArticleRequest, NewsBulletin, NewsBulletinsRequest,
    NewsProviders, NewsProvidersRequest, TickNews, WshEventData, WshEventDataRequest, WshMetaData,
    WshMetaDataRequest,
};

impl Request for NewsBulletinsRequest {
    const ID: u32 = request::NEWS_BULLETINS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        fields.skip()?;
        Ok(Self {
            all_messages: fields.flag()?,
        })
    }
}

impl Request for CancelNewsBulletins {
    const ID: u32 = request::CANCEL_NEWS_BULLETINS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for NewsArticleRequest {
    const ID: u32 = request::NEWS_ARTICLE;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let req_id = fields.integer()?;
        let provider_code = fields.text()?;
        let article_id = fields.text()?;
        fields.may_end();
        Ok(Self {
            req_id,
            provider_code,
            article_id,
            news_article_options: fields.tags()?,
        })
    }
}

impl Request for NewsProvidersRequest {
    const ID: u32 = request::NEWS_PROVIDERS;

    fn read(_: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {})
    }
}

impl Request for HistoricalNewsRequest {
    const ID: u32 = request::HISTORICAL_NEWS;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let req_id = fields.integer()?;
        let con_id = fields.integer()?;
        let provider_codes = fields.text()?;
        let start_date_time = fields.text()?;
        let end_date_time = fields.text()?;
        let total_results = fields.integer()?;
        fields.may_end();
        Ok(Self {
            req_id,
            con_id,
            provider_codes,
            start_date_time,
            end_date_time,
            total_results,
            historical_news_options: fields.tags()?,
        })
    }
}

impl Request for WshMetaDataRequest {
    const ID: u32 = request::WSH_META_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for CancelWshMetaData {
    const ID: u32 = request::CANCEL_WSH_META_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Request for WshEventDataRequest {
    const ID: u32 = request::WSH_EVENT_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let req_id = fields.integer()?;
        let con_id = fields.integer()?;
        fields.may_end();
        Ok(Self {
            req_id,
            con_id,
            filter: fields.text()?,
            fill_watchlist: fields.flag()?,
            fill_portfolio: fields.flag()?,
            fill_competitors: fields.flag()?,
            start_date: fields.text()?,
            end_date: fields.text()?,
            total_limit: fields.integer()?,
        })
    }
}

impl Request for CancelWshEventData {
    const ID: u32 = request::CANCEL_WSH_EVENT_DATA;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            req_id: fields.integer()?,
        })
    }
}

impl Response for NewsBulletin {
    const ID: u32 = response::NEWS_BULLETIN;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer(1);
        out.integer_or_zero(self.news_msg_id);
        out.integer_or_zero(self.news_msg_type);
        out.maybe(self.news_message.as_deref());
        out.maybe(self.originating_exch.as_deref());
    }
}

impl Response for NewsArticle {
    const ID: u32 = response::NEWS_ARTICLE;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.article_type);
        out.maybe(self.article_text.as_deref());
    }
}

impl Response for TickNews {
    const ID: u32 = response::TICK_NEWS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.integer_or_zero(self.timestamp);
        out.maybe(self.provider_code.as_deref());
        out.maybe(self.article_id.as_deref());
        out.maybe(self.headline.as_deref());
        out.maybe(self.extra_data.as_deref());
    }
}

impl Response for NewsProviders {
    const ID: u32 = response::NEWS_PROVIDERS;

    fn write(&self, out: &mut Writer<'_>) {
        out.count(self.news_providers.len());
        for provider in &self.news_providers {
            out.maybe(provider.provider_code.as_deref());
            out.maybe(provider.provider_name.as_deref());
        }
    }
}

impl Response for HistoricalNews {
    const ID: u32 = response::HISTORICAL_NEWS;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.maybe(self.time.as_deref());
        out.maybe(self.provider_code.as_deref());
        out.maybe(self.article_id.as_deref());
        out.maybe(self.headline.as_deref());
    }
}

impl Response for HistoricalNewsEnd {
    const ID: u32 = response::HISTORICAL_NEWS_END;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.flag(self.has_more);
    }
}

impl Response for WshMetaData {
    const ID: u32 = response::WSH_META_DATA;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.maybe(self.data_json.as_deref());
    }
}

impl Response for WshEventData {
    const ID: u32 = response::WSH_EVENT_DATA;

    fn write(&self, out: &mut Writer<'_>) {
        out.integer_or_zero(self.req_id);
        out.maybe(self.data_json.as_deref());
    }
}
