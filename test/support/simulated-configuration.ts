import { expect } from 'vitest'
import type { QueueConfigured } from '../../src/domain/fact.js'
import { readSettings } from '../../src/ingress/decode/configuration-objects.js'
import { queueAnswers } from '../../src/simulator/answers/queue-answers.js'
import type { Roster } from '../../src/simulator/roster/roster.js'

/** The settings of the simulated queues, read from what the simulated API answers. */
export const configurationOf = (roster: Roster): readonly QueueConfigured[] =>
  queueAnswers(roster).flatMap((answer) => {
    const { settings, problems } = readSettings(JSON.parse(JSON.stringify(answer)), { effectiveAt: undefined, now: 0 })
    expect(problems).toEqual([])
    return settings as readonly QueueConfigured[]
  })
