use nuncio_plugin_sdk::{
    Content, Outcome, Receipt,
    serde_json::{self, json},
};

use super::*;
use crate::{account::Common, gateways::fixtures::context, text::Rules};

/// An account that counts from 17, like every other one.
struct Counts(Common);

#[async_trait]
impl Account for Counts {
    fn common(&self) -> &Common {
        &self.0
    }

    async fn send(&self, _: &account::Sms<'_>, _: Duration) -> Report {
        Report::delivered().provider_id("17 18")
    }

    fn shown(&self, _: &account::Sms<'_>) -> String {
        String::new()
    }

    async fn receive(&self, _: &Inbound, _: &[u8]) -> Result<Answer, Refusal> {
        let mut by_delivery = Receipt::of("", Outcome::Delivered);
        by_delivery.delivery = "msg_1".to_owned();
        Ok(Answer::status(204).receipt(Receipt::of("17", Outcome::Delivered)).receipt(by_delivery))
    }
}

#[tokio::test]
async fn accounts_that_count_alike_are_told_apart() {
    let rules = Rules { max_parts: 10, transliterate: false, wide_reference: false, latin1: false };
    let account = |name: &str| -> Box<dyn Account> {
        Box::new(Counts(Common { name: name.to_owned(), sender: None, rules }))
    };
    let driver = Sms {
        accounts: ["oslo", "bergen"].map(|name| (name.to_owned(), account(name))).into(),
        default_account: None,
        region: None,
        clock: context().clock.clone(),
    };
    let uri = SubscriberUri::parse("sms:+15551230101").unwrap();
    for name in ["oslo", "bergen"] {
        let options = serde_json::from_value(json!({"account": name})).unwrap();
        let recipients = [Recipient::new(0, "+15551230101")];
        let mut notice = Notice::new("msg_1", &uri, &recipients, &options);
        notice.content = Content::text("Hello");
        let outcomes = driver.deliver(&notice).await;
        let report = outcomes.of(0);
        assert_eq!(report.provider_id, format!("{name}/17 {name}/18"));

        let mut request = Inbound::default();
        request.account = name.to_owned();
        let told = driver.receive(&request, b"").await.unwrap().receipts;
        let ids: Vec<_> = told.iter().map(|one| one.provider_id.as_str()).collect();
        assert_eq!(ids, [format!("{name}/17").as_str(), ""], "what names no id still names none");
    }
}
