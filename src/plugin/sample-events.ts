/** Events of a shape that Genesys has, which differ in their id. All ids are made up. */
export const sampleEvents = (count: number, from = 0): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) =>
    Buffer.from(
      JSON.stringify({
        topicName: 'v2.analytics.queues.a3e7f915-2c48-4b6d-b0f3-6d1e9c5a7b33.metrics',
        version: '2',
        eventBody: { recordId: `record-${from + index}`, metric: 'nOffered', value: 1 },
      }),
    ),
  )
