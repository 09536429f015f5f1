import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import type { Alarm, Trouble } from '../../../src/app/pipeline/activity.js'
import { auditCommand } from '../../../src/cli/audit/audit.js'
import { clockCommand } from '../../../src/cli/clock.js'
import { deadLetterCommand } from '../../../src/cli/deadletter/deadletter.js'
import { doctorCommand } from '../../../src/cli/doctor.js'
import { egressCommand } from '../../../src/cli/egress.js'
import { feedsCommand } from '../../../src/cli/feeds/feeds.js'
import { genesysCommand } from '../../../src/cli/genesys/genesys.js'
import { projectionsCommand } from '../../../src/cli/projections/projections.js'
import { runCommand } from '../../../src/cli/run/run.js'
import { statusCommand } from '../../../src/cli/status.js'
import { alarmRemedy, troubleRemedy } from '../../../src/console/frame/remedies.js'
import { trustIn } from '../../../src/console/frame/trust/trust.js'
import type { FlowState } from '../../../src/http/console/shapes.js'
import { flowOf, stageOf } from '../../support/console/flow.js'

// Records, so that a new trouble, alarm or state does not compile here before the console has words for it.
const troubles: Readonly<Record<Trouble | 'silent', true>> = {
  ...{ 'log-unavailable': true, 'destination-unreachable': true, 'no-progress': true, silent: true },
}
const alarms: Readonly<Record<Alarm, true>> = {
  ...{ 'events-too-late': true, 'clock-held': true, 'rows-dead-lettered': true, 'sealing-stopped': true },
  ...{ 'source-away': true, 'source-ended': true, 'feed-refused': true, 'feed-halted': true },
  ...{ 'genesys-sync-failed': true, 'genesys-gap': true, 'genesys-reconcile-failed': true },
}
const states: Readonly<Record<FlowState, true>> = {
  ...{ working: true, idle: true, behind: true, paused: true, stalled: true, refused: true, unreachable: true },
}

const commands: Readonly<Record<string, () => Command>> = {
  ...{ audit: auditCommand, clock: clockCommand, deadletter: deadLetterCommand, doctor: doctorCommand },
  ...{ egress: egressCommand, feeds: feedsCommand, genesys: genesysCommand, projections: projectionsCommand },
  ...{ run: runCommand, status: statusCommand },
}

/** What of a command line there is not: a command, an option, or a choice of one. */
const unknownIn = (line: string): readonly string[] => {
  const [program, first = '', ...words] = line.split(' ')
  if (program !== 'streamvane' || commands[first] === undefined) return [line]
  let command = commands[first]()
  const unknown: string[] = []
  let choices: readonly string[] | undefined
  for (const word of words) {
    const sub = command.commands.find((each) => each.name() === word)
    const option = command.options.find(({ long }) => long === word)
    if (word.startsWith('--')) {
      if (option === undefined) unknown.push(word)
      choices = option?.argChoices
    } else if (sub !== undefined) command = sub
    else if (choices?.includes(word) !== true) unknown.push(word)
  }
  return unknown
}

const since = '2026-01-05T06:00:00.000Z'

describe('what to do about a trouble', () => {
  test.each(Object.keys(troubles))('%s has words of its own', (trouble) => {
    expect(troubleRemedy(trouble, stageOf('ingress')).what).not.toContain(trouble)
  })

  test('a destination that does not answer is named by its place', () => {
    const destination = { name: 'wfm', use: 'kafka', place: 'kafka-1:9092' }
    expect(troubleRemedy('destination-unreachable', stageOf('egress', { destination })).what).toContain('kafka-1:9092')
  })

  test.each(Object.keys(alarms))('the alarm %s has words of its own', (alarm) => {
    expect(alarmRemedy(alarm).what).not.toContain(alarm)
  })

  test('a trouble and an alarm of a later version are told as they are', () => {
    const unknown = [troubleRemedy('moon', stageOf('ingress')).what, alarmRemedy('toString').what]
    expect(unknown).toEqual(['Trouble: moon.', 'Alarm: toString.'])
  })

  test('every command that the console names exists, with its options', () => {
    const stages = ['ingress', 'projector', 'projector g2', 'egress.kafka', 'feed.wfm', 'audit'].flatMap((stage) => [
      ...Object.keys(states).map((state) => stageOf(stage, { state: state as FlowState, lagMs: 1e7 })),
      ...Object.keys(troubles).map((trouble) => stageOf(stage, { state: 'stalled', troubles: [{ trouble, since }] })),
      stageOf(stage, { alarms: Object.keys(alarms).map((alarm) => ({ alarm, since })) }),
    ])
    const flow = flowOf({
      ...{ stages, log: { kind: 'embedded', state: 'unreachable', position: null, says: null } },
      disk: { dataBytes: 1, freeBytes: 0, sizeBytes: 100 },
    })
    const clock = flowOf({ clock: { frontier: since, behindMs: 1e9, tickedAt: null } })
    const lines = [...trustIn(flow, 1).reasons, ...trustIn(clock, 1).reasons].flatMap(({ command }) => command ?? [])
    expect(new Set(lines).size).toBeGreaterThan(10)
    expect([...new Set(lines)].flatMap((line) => unknownIn(line).map((word) => `${line}: ${word}`))).toEqual([])
  })
})
