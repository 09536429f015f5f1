/**
 * What raw events have in common: the names of their members, topics and usual values, and our metadata. An event is
 * compressed with it before it is encrypted, because it can no longer be compressed together with others. It holds nothing
 * of any organisation. Encrypted events name it, so it never changes: another one would be dictionary 2.
 */
export const DICTIONARY_1 = Buffer.from(
  [
    '{"detail":{"eventBody":{"eventTime":17,"conversationId":"","participantId":"","sessionId":"","mediaType":"VOICE","provider":"Edge","direction":"INBOUND","ani":"tel:+49","dnis":"tel:+49","conversationExternalContactIds":[""],"flowType":"INBOUNDCALL","flowId":"","flowVersion":"","divisionId":"","disconnectType":"TRANSFER","exitReason":"TRANSFER","transferType":"ACD","connectedDurationMs":',
    ',"acdOutcome":"ANSWERED","requestedRoutings":["STANDARD"],"answeredUserId":"","usedRouting":"STANDARD","interactingDurationMs":0,"heldDurationMs":0,"alertingDurationMs":0,"contactingDurationMs":0,"dialingDurationMs":0,"callbackDurationMs":0},"metadata":{"CorrelationId":""},"topicName":"v2.detail.events.conversation.',
    '{"conversationId":"","sessionId":"","sessionStart":17,"currentState":"TERMINATED","currentStateStart":17,"userId":"","queueId":"","originatingDirection":"INBOUND","mediaType":"CALLBACK","requestedLanguageId":"","requestedSkillIds":["',
    '.acd.start.user.end.customer.contact.wrapup.acw.attributes.outbound.flow.outcome"v2.detail.events.agent.v2.users..activity.presence.routingStatus.conversationsummary',
    '{"id":"","routingStatus":{"status":"OFF_QUEUE","startTime":"20"},"presence":{"presenceDefinition":{"id":"","systemPresence":"On Queue"},"presenceMessage":"","modifiedDate":"20"},"outOfOffice":{"active":false,"modifiedDate":"20"},"activeQueueIds":[""],"dateActiveQueuesChanged":"20"}',
    ',"source":"PURECLOUD","primary":true,"message":"","NOT_RESPONDING","INTERACTING","COMMUNICATING","IDLE","Available","Busy","Offline"',
    ',"messageType":"WEBMESSAGING","provider":"PureCloud Messaging","EMAIL","CHAT","email","chat","voice","callback","sms","whatsapp","ani":"user-","outbound","interactionType":"contactCenter",',
    '"flowName":"","flowType":"inboundcall","entryType":"dnis","nFlow","nFlowOutcome","oFlow","tFlow","tFlowOut","flowOutcome","nOffered","nConnected","nOverSla","nTransferred","nOutbound","oServiceLevel","tAbandon","tAcd","tAcw","tAlert","tAnswered","tHandle","tHeld","tTalk","tTalkComplete","tWait","tDialing","tContacting","tIvr","tShortAbandon","tFlow"',
    '"recordId":"","conversationId":"","sessionId":"","peerId":"","purpose":"acd","purpose":"customer","purpose":"agent","mediaType":"message","messageType":"","direction":"inbound","originatingDirection":"inbound","provider":"Edge","ani":"tel:+49","dnis":"tel:+49","participantName":"","userId":"","remote":"","queueId":"","firstQueue":true,"requestedRoutings":["Standard"],"requestedRoutingSkillIds":[""],"requestedLanguageId":"","routingPriority":0,"divisionIds":["",""],"usedRouting":"Standard","selectedAgentId":"","disconnectType":"client","disconnectType":"transfer","wrapUpCode":""},"metadata":{"CorrelationId":""},"timestamp":"2026-',
    '"version":"0","id":"","detail-type":"v2.detail.events.conversation.{id}.","source":"aws.partner/genesys.com/cloud/","account":"","time":"2026-',
    'Z","region":"eu-central-1","resources":[]}',
    '{"tenant":"default","source":"http","receivedAt":"2026-',
    'Z","topic":"v2.analytics.conversation.',
    '{"version":"0","id":"","detail-type":"v2.analytics.conversation.{id}.metrics","source":"aws.partner/genesys.com/cloud/","resources":[],"detail":{"topicName":"v2.analytics.conversation..metrics","version":"2","eventBody":{"metric":"","metricDate":"2026-',
    'Z","value":1,"recordId":"',
  ].join(''),
)
