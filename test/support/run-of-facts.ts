import type { Fact } from '../../src/domain/fact.js'
import { isConfiguration } from '../../src/domain/fact.js'
import { factRunOf } from '../../src/domain/fact-run.js'
import { clockStream, configStream, conversationStream, userStream } from '../../src/domain/stream-name.js'
import type { DecodedRun } from '../../src/facts/decoded-run.js'

/** Facts as the raw log of tenant `acme` would give them, each of an event of its own in the stream of its entity. */
export const runOfFacts = (facts: readonly Fact[]): DecodedRun => ({
  after: undefined,
  through: BigInt(facts.length),
  rawEvents: facts.length,
  last: undefined,
  events: facts.length,
  facts: factRunOf(facts),
  position: (event) => BigInt(event + 1),
  stream: (event) => streamOf(facts[event] as Fact, event),
  undecodable: [],
})

/** Records of metrics name no conversation: they are spread over some. */
const CONVERSATIONS = 7

const streamOf = (fact: Fact, event: number): string => {
  if (isConfiguration(fact)) return configStream('acme', 'some', fact.type)
  if (fact.type === 'ClockTicked' || fact.type === 'ClockTakenBack') return clockStream('acme')
  if ('conversationId' in fact) return conversationStream('acme', fact.conversationId)
  if (fact.type === 'AgentStateEntered') return userStream('acme', fact.userId)
  const session = 'session' in fact ? fact.session : undefined
  return conversationStream('acme', session?.split('/')[0] ?? `m${event % CONVERSATIONS}`)
}
