import { AsyncLocalStorage } from 'node:async_hooks'
import { Lines, livePorts, VersionCache } from '#app/credits/ports.server.ts'
import { SharedWrites } from '#app/credits/shared-writes.server.ts'

/*
 * Two app processes in one: every cache and queue in a process's memory exists once per machine,
 * so that two machines meet in the database alone. A machine without manners has none of them and relies on the database.
 */

type Keyed = (key: string) => Promise<unknown>

interface Machine {
  versions: VersionCache
  shared: SharedWrites
  lines: Lines
  /** Each piece of coalesced work, with this machine's own queue for it. */
  coalesced: Map<unknown, Keyed>
}

const MACHINES = 2
const newMachine = (): Machine => ({
  versions: new VersionCache(),
  shared: new SharedWrites(),
  lines: new Lines(),
  coalesced: new Map(),
})

const running = new AsyncLocalStorage<Machine>()
let machines: Machine[] = []
let haveManners = true

/** Starts new processes with empty memories; `manners`: whether equal work within a process is coalesced. */
export function startMachines({ manners }: { manners: boolean }): void {
  machines = Array.from({ length: MACHINES }, newMachine)
  haveManners = manners
}

/** Runs some work of the app on one of the machines. */
export const onMachine = <T>(random: () => number, work: () => Promise<T>): Promise<T> =>
  running.run(machines[Math.floor(random() * MACHINES)]!, work)

const here = (): Machine => running.getStore() ?? machines[0]!

/** Replaces `coalesced`: one queue per machine, or none at all. */
export function coalescedPerMachine(coalesced: (work: Keyed) => Keyed): (work: Keyed) => Keyed {
  return (work) => (key) => {
    if (!haveManners) return work(key)
    const lines = here().coalesced
    const known = lines.get(work) ?? coalesced(work)
    lines.set(work, known)
    return known(key)
  }
}

/** Gives the credits engine the memory of the machine that it runs on. @returns a function that undoes this */
export function divideMemory(): () => void {
  startMachines({ manners: true })
  const before = Object.getOwnPropertyDescriptors(livePorts)
  Object.defineProperties(livePorts, {
    versions: { get: () => here().versions },
    shared: { get: () => here().shared },
    inTurn: {
      value: ((accountId, run) =>
        haveManners ? here().lines.inTurn(accountId, run) : run()) as (typeof livePorts)['inTurn'],
    },
  })
  return () => {
    Object.defineProperties(livePorts, before)
  }
}
