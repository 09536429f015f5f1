import type { FamilyName } from '../../domain/family.js'
import { siteKey } from '../../domain/row.js'
import { RecentMap } from './recent-map.js'

/** Family × dimension values: what the cells of all intervals share. Two sites with the same key are the same. */
export type Site = Readonly<{
  family: FamilyName
  dimensions: readonly (string | null)[]
  /** `siteKey` of both. */
  key: string
}>

/** The sites in use. */
export class Sites {
  private readonly known = new RecentMap<Site>()

  of(family: FamilyName, dimensions: readonly (string | null)[]): Site {
    const key = siteKey({ family, dimensions })
    let site = this.known.get(key)
    if (site === undefined) this.known.set(key, (site = { family, dimensions, key }))
    return site
  }

  /** Forgets those that were not asked for since the turn before. */
  turn(): void {
    this.known.turn()
  }
}
