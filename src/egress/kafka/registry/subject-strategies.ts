/** How a schema's subject is named, in Confluent's words. */
export const subjectStrategies = ['TopicNameStrategy', 'RecordNameStrategy', 'TopicRecordNameStrategy'] as const
export type SubjectStrategy = (typeof subjectStrategies)[number]
