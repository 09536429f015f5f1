/**
 * What a difference of two configurations does. `figures`: the same events give other numbers, or other numbers are
 * told. `plumbing`: where things are, how they are reached and how much they take.
 */
export type Consequence = Readonly<{ effect: 'figures' | 'plumbing'; what: string }>

const figures = (what: string): Consequence => ({ effect: 'figures', what })
const plumbing = (what: string): Consequence => ({ effect: 'plumbing', what })

/** By the beginning of a path; entries of lists stand for themselves without their names. The longest one counts. */
const consequences: Readonly<Record<string, Consequence>> = {
  tenant: plumbing('whose data it is'),
  data: plumbing('where the log lies'),
  log: plumbing('where the log lies'),
  ingress: plumbing('how events are taken in'),
  health: plumbing('where health is served'),
  admin: plumbing('who may ask and operate'),
  clock: figures('when intervals close, and what is late'),
  'clock.everyMs': plumbing('how soon after its end an interval closes'),
  profile: figures('how events are counted'),
  'profile.id': plumbing('what rows call the profile'),
  'profile.version': plumbing('what rows call the profile'),
  'profile.points': figures('which events are counted'),
  'profile.zone': figures('when days begin'),
  'profile.intervalMs': figures('how long intervals are'),
  'profile.rollUps': figures('how long intervals are'),
  'profile.families': figures('which rows there are'),
  'profile.splitBy': figures('which rows there are'),
  'profile.kpis': figures('the formulas of KPIs'),
  'profile.graceMs': figures('lateness: when an interval is final'),
  'profile.lateHorizonMs': figures('lateness: what is too late to count'),
  'profile.aheadMaxMs': figures('what is dated too far ahead to count'),
  projector: plumbing('how rows are computed'),
  'projector.acceptCheckpoint': figures('events before an accepted checkpoint are not counted'),
  sources: plumbing('where events come from'),
  egress: plumbing('where rows go'),
  feeds: plumbing('when and where feeds are delivered'),
  'feeds.list': figures('what the receiver of a feed is told'),
  'feeds.list.doc': plumbing('what the schema of a feed says of it'),
  'feeds.list.push': plumbing('where a feed is delivered'),
  audit: plumbing('who signs the log'),
  genesys: plumbing('which organisation is asked'),
  secrets: plumbing('how often secrets in vaults are read anew'),
  tls: plumbing('how endpoints of this process are encrypted'),
  telemetry: plumbing('what the process tells of itself'),
  logLevel: plumbing('what the process tells of itself'),
}

/** What a difference at a path does. A setting that nothing is known of counts as one that changes figures. */
export const consequenceOf = (path: readonly string[]): Consequence => {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const name = path.slice(0, depth).join('.')
    if (Object.hasOwn(consequences, name)) return consequences[name] as Consequence
  }
  return figures('not known')
}

/** The settings that have a consequence of their own, for the test that holds them to the schema. */
export const settingsWithConsequence: readonly string[] = Object.keys(consequences)
