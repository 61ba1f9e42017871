//! Meta's Graph API and webhooks as types, limits as data, a budget and a thin client.
