import type { EpochMs } from '../domain/interval.js'
import type { Left } from '../domain/kpi-event.js'
import type { CellStoreState } from './cells/cell-store.js'
import type { SpilledEntries } from './cells/cold-store.js'
import type { AgentStatesState } from './points/agent-states.js'
import type { CustomerFirstState } from './points/customer-first.js'
import type { CorrelatorState } from './points/detail-events.js'
import type { SettingsState } from './settings.js'

/** What a projection needs to carry on identically, beside the entries of its cold store. */
export type ProjectionState = Readonly<{
  frontier: EpochMs | null
  inHistory: boolean
  /** Absent in states that were saved before the clock could be taken back. */
  takeBacks?: readonly EpochMs[]
  settings: SettingsState
  /** How far the restating of closed cells by new settings has come; null when there is nothing to restate. */
  restatedThrough: string | null
  cells: CellStoreState
  correlator: CorrelatorState
  customerFirst: CustomerFirstState
  agentStates: AgentStatesState
  /** Absent in states that were saved before deletions were put out. */
  leaving?: readonly Left[]
  /** To be stored before the projection goes on: their data are made when they are read. */
  spilled: SpilledEntries
  /** States of the layers above; their entries of the cold store are in `spilled`, and their intervals in `cells`. */
  layers?: readonly ProjectionState[]
}>
