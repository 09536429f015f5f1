import type { FlowStage } from '../../http/console/shapes.js'

/** What to do about something, in words, and the command that does it. */
export type Remedy = Readonly<{ what: string; remedy: string; command?: string }>

const known = <Code extends string>(table: Readonly<Record<Code, Remedy>>, code: string): Remedy | undefined =>
  Object.hasOwn(table, code) ? table[code as Code] : undefined

const troubles = {
  'log-unavailable': {
    what: 'The log cannot be reached, or does not take what is appended.',
    remedy: 'Look at its disk, or at EventStoreDB. The stage goes on by itself once the log answers.',
    command: 'streamvane doctor --only log eventstoredb disk',
  },
  'destination-unreachable': {
    what: 'The destination does not answer.',
    remedy: 'Bring it back. Nothing is lost: the stage goes on where it was.',
    command: 'streamvane doctor --only broker registry',
  },
  'no-progress': {
    what: 'There is something to do, and nothing was finished for a minute.',
    remedy: 'Read the log of the process. If it hangs, end it and start it again: it goes on where it was.',
    command: 'streamvane doctor',
  },
  silent: {
    what: 'Its process gives no sign of life.',
    remedy: 'See why it hangs, or who suspended it. Else end it and start it again: it goes on where it was.',
    command: 'streamvane status',
  },
} as const

/** Why a stage does not work: what is meant, and what to do. Reasons of later versions are told as they are. */
export const troubleRemedy = (
  trouble: string,
  { destination, says }: Pick<FlowStage, 'destination' | 'says'>,
): Remedy => {
  const remedy = known(troubles, trouble) ?? {
    what: `Trouble: ${trouble}.`,
    remedy: 'The log of the process says more.',
    command: 'streamvane doctor',
  }
  if (trouble === 'destination-unreachable' && destination !== null)
    return { ...remedy, what: `The destination ${destination.place} does not answer.` }
  return trouble === 'silent' && says !== null ? { ...remedy, what: sentence(says) } : remedy
}

const sentence = (says: string): string => `${says.charAt(0).toUpperCase()}${says.slice(1)}.`

const alarms = {
  'events-too-late': {
    what: 'More than a tenth of the last events were refused as too late: they are not counted.',
    remedy: 'The clock of the log may be wrong. Look at it, take a wrong tick back, and rebuild.',
    command: 'streamvane clock show',
  },
  'clock-held': {
    what: 'The wall clock does not tick, so no interval becomes final.',
    remedy: 'The next event of the new time releases it. If none is expected, look where the clock jumped.',
    command: 'streamvane clock show',
  },
  'rows-dead-lettered': {
    what: 'The destination refused rows for ever, and they were set aside: they are missing there.',
    remedy: 'See which rows, mend what refuses them, and publish them again.',
    command: 'streamvane egress refused',
  },
  'sealing-stopped': {
    what: 'No head of the log is signed any more: history is not what was signed, or another process signs.',
    remedy: 'Verify the log before anything else is changed.',
    command: 'streamvane audit verify',
  },
  'source-away': {
    what: 'A source cannot reach the system that it reads from: new events do not come in.',
    remedy: 'Bring that system back. What waits there is read as soon as it answers.',
    command: 'streamvane status',
  },
  'source-ended': {
    what: 'A source ended, and delivers nothing more until the process is started again.',
    remedy: 'The log of the process says why. Mend that, and start the process again.',
    command: 'streamvane run',
  },
  'feed-refused': {
    what: 'The receiver of a feed refused its last files.',
    remedy: 'Read what it answered, mend it, and deliver the files again.',
    command: 'streamvane feeds log --result refused',
  },
  'feed-halted': {
    what: 'A feed delivers nothing more until its configuration or the live generation is another.',
    remedy: 'The log of the process says why: a changed layout needs a new version of the feed.',
    command: 'streamvane feeds log',
  },
  'genesys-sync-failed': {
    what: 'The last sync of the configuration of the Genesys organisation failed: names and targets may be old.',
    remedy: 'Run it by hand to see why.',
    command: 'streamvane genesys sync',
  },
  'genesys-gap': {
    what: 'Events of a stretch of time may be missing, because the notification socket was cut off.',
    remedy: 'It is filled as soon as Genesys has the data. A backfill by hand does it now.',
    command: 'streamvane genesys backfill',
  },
  'genesys-reconcile-failed': {
    what: 'The last reconciliation with Genesys failed, or found differences.',
    remedy: 'See which figures differ, and why.',
    command: 'streamvane genesys reconcile',
  },
} as const

/** What somebody should look at although the stage works. */
export const alarmRemedy = (alarm: string): Remedy =>
  known(alarms, alarm) ?? { what: `Alarm: ${alarm}.`, remedy: 'The log of the process says more.' }

/** What the numbers lose while a kind of stage stands still. */
export const effectOf = ({ kind, destination, stage }: FlowStage): string => {
  switch (kind) {
    case 'ingress':
      return 'New events are not taken in: figures miss what happened since.'
    case 'projector':
      return stage.includes(' ')
        ? 'A generation that is being computed stands still. The live figures do not depend on it.'
        : 'Figures are not computed any further: they are as old as this.'
    case 'egress':
      return `${destination?.name ?? 'A destination'} does not get new figures. The figures here are newer than those there.`
    case 'feed':
      return 'A feed delivers nothing new.'
    case 'other':
      return 'A stage stands still.'
  }
}
