import type { RowHeader } from '../contract/row-header.js'
import type { Dimension } from '../domain/dimensions.js'
import { families, type FamilyName } from '../domain/family.js'
import type { EpochMs } from '../domain/interval.js'
import { cellKey, recordKey } from '../domain/row.js'
import type { Newest } from './sink.js'
import { seriesKey } from './topics.js'

type RowOf = Pick<RowHeader, 'key' | 'family' | 'dimensions' | 'start'>

/**
 * Which rows are the latest of their series, and of their queue, agent and so on: what a topic of latest state is told.
 * On such a topic a row of an earlier interval never stands behind one of a later interval; a correction of yesterday
 * is not sent there.
 *
 * It is derived from the KPI log alone: `published` is told every row through the progress, in order, and `toCome`
 * every row that the log holds behind it. Rows to come matter while a log is worked off, above all after a promotion:
 * the topic then holds the latest state by the generation before, and must not go back to the first interval of the
 * new one.
 *
 * Memory: a number for each series and each queue, agent and so on.
 */
export class LatestState {
  private readonly latest = new Starts()
  private readonly ahead = new Starts()

  /** The row was published before. */
  published(row: RowOf): void {
    this.latest.raise(row)
  }

  /** The row will be published. */
  toCome(row: RowOf): void {
    this.ahead.raise(row)
  }

  /** The row is published now: is it the latest? */
  publish(row: RowOf): Newest {
    const [latest, ahead] = [this.latest.of(row), this.ahead.of(row)]
    this.latest.raise(row)
    return {
      series: row.start >= Math.max(latest.series, ahead.series),
      entity: row.start >= Math.max(latest.entity, ahead.entity),
    }
  }

  /** The row is withdrawn now: is none left of its series, and of its queue or agent? */
  withdraw(row: RowOf): Newest {
    const [latest, ahead] = [this.latest.of(row), this.ahead.of(row)]
    return {
      series: Math.max(latest.series, ahead.series) === -Infinity,
      entity: Math.max(latest.entity, ahead.entity) === -Infinity,
    }
  }

  /**
   * A queue or an agent has left the configuration. Answers the keys of all series that name it. A row that comes
   * afterwards is the first of its series.
   */
  left(dimension: Dimension, id: string): readonly string[] {
    this.ahead.forget(dimension, id)
    return this.latest.forget(dimension, id)
  }
}

/** The latest start of an interval, by series and by family and record key. */
class Starts {
  private readonly series = new Map<string, EpochMs>()
  private readonly entities = new Map<string, EpochMs>()

  of(row: RowOf): Readonly<{ series: EpochMs; entity: EpochMs }> {
    return {
      series: this.series.get(seriesKey(row.key)) ?? -Infinity,
      entity: this.entities.get(entityName(row.family, recordKey(row))) ?? -Infinity,
    }
  }

  raise(row: RowOf): void {
    raise(this.series, seriesKey(row.key), row.start)
    raise(this.entities, entityName(row.family, recordKey(row)), row.start)
  }

  forget(dimension: Dimension, id: string): readonly string[] {
    for (const family of Object.values(families))
      if (family.key === dimension) this.entities.delete(entityName(family.name, id))
    const escaped = cellKey([id])
    const gone = [...this.series.keys()].filter((series) => {
      const [family, ...values] = series.split('/')
      return values[families[family as FamilyName].dimensions.indexOf(dimension)] === escaped
    })
    for (const series of gone) this.series.delete(series)
    return gone
  }
}

const entityName = (family: FamilyName, id: string): string => `${family}/${id}`

const raise = (starts: Map<string, EpochMs>, name: string, start: EpochMs): void => {
  const before = starts.get(name)
  if (before === undefined || start > before) starts.set(name, start)
}
