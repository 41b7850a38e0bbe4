package dev.paystream.example;

import com.fasterxml.jackson.databind.JsonNode;

/** What do the rules need of one authorisation? The whole contract is in docs/schemas. */
record Swipe(
        String swipeId,
        String cardToken,
        long eventTimeMs,
        long amountMinor,
        Double latitude,
        Double longitude) {

    /** The swipe that a record holds; null for one that is none. */
    static Swipe of(JsonNode json) {
        if (json == null || !json.isObject()) {
            return null;
        }
        String swipeId = json.path("swipe_id").asText("");
        String cardToken = json.path("card_token").asText("");
        JsonNode time = json.path("event_time_ms");
        JsonNode amount = json.path("amount_minor");
        if (swipeId.isEmpty() || cardToken.isEmpty()) {
            return null;
        }
        if (!time.isIntegralNumber() || !amount.isIntegralNumber()) {
            return null;
        }
        boolean present = !"ecommerce".equals(json.path("entry_mode").asText());
        return new Swipe(
                swipeId,
                cardToken,
                time.asLong(),
                amount.asLong(),
                present && json.path("latitude").isNumber() ? json.path("latitude").asDouble() : null,
                present && json.path("longitude").isNumber()
                        ? json.path("longitude").asDouble()
                        : null);
    }
}
