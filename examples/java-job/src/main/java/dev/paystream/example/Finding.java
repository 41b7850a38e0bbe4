package dev.paystream.example;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Why did one rule fire? {@code value} reached {@code threshold}, both in {@code unit}. */
record Finding(
        String rule, String reasonCode, double score, double value, double threshold, String unit) {

    ObjectNode toJson(ObjectMapper json) {
        ObjectNode finding = json.createObjectNode();
        finding.put("rule", rule);
        finding.put("reason_code", reasonCode);
        finding.put("value", value);
        finding.put("threshold", threshold);
        finding.put("unit", unit);
        return finding;
    }
}
