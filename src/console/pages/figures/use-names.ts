import { useEffect, useMemo, useState } from 'preact/hooks'
import { useConsole } from '../../frame/console.js'
import type { FamilyInfo } from './answers.js'
import { readLines } from './read-lines.js'

type NamedObject = Readonly<{ dimension: string; id: string; name: string }>

/** What Genesys calls the value of a dimension; undefined where the configuration in the log does not say. */
export type NameOf = (dimension: string, id: string) => string | undefined

/** The names of a family's dimensions. Without them rows show ids: a failure to read them is no failure of the page. */
export const useNames = (family: FamilyInfo | undefined): NameOf => {
  const { api } = useConsole()
  const [names, setNames] = useState<ReadonlyMap<string, ReadonlyMap<string, string>>>(new Map())
  const wanted = (family?.dimensions ?? []).filter(({ isNamed }) => isNamed).map(({ name }) => name)
  const key = wanted.join(',')
  useEffect(() => {
    const gone = new AbortController()
    for (const dimension of key.split(',').filter(Boolean)) {
      if (names.has(dimension)) continue
      const found = new Map<string, string>()
      void readLines<NamedObject>(api.addressOf('/names', { dimension }), gone.signal, (objects) => {
        for (const { id, name } of objects) found.set(id, name)
      }).then((answer) => {
        if (answer.ok && !gone.signal.aborted) setNames((before) => new Map([...before, [dimension, found]]))
      })
    }
    return () => gone.abort()
  }, [api, key])
  return useMemo(() => (dimension, id) => names.get(dimension)?.get(id), [names])
}
