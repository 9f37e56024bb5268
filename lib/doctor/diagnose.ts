import type {SauError} from '../base/errors.js';
import type {LibTorch} from '../native/libtorch.js';
import {compareVersions} from '../setup/pins.js';
import {cudaProblems} from './diagnose_cuda.js';
import type {DoctorFacts} from './facts.js';
import {ofMissing, reinstall} from './remedies.js';
import type {DoctorProblem, LibraryCheck} from './report.js';

/** What is wrong and what to do, the most important problem first. Depends on the facts alone. */
export function diagnose(facts: DoctorFacts): DoctorProblem[] {
  return [
    ...platformProblems(facts),
    ...facts.failures.map(ofError),
    ...cacheProblems(facts),
    ...loadingProblems(facts),
    ...cudaProblems(facts),
  ];
}

function platformProblems({platform, libraries}: DoctorFacts): DoctorProblem[] {
  const use = 'use a Debian, Ubuntu or RHEL based system or container on x64';
  if (platform !== 'linux-x64') {
    const problem = `sau-native runs on linux-x64 and this is ${platform}`;
    return [{code: 'UNSUPPORTED_PLATFORM', severity: 'error', problem, remedy: use}];
  }
  return libraries.flatMap(({name, found, needed}): DoctorProblem[] => {
    if (name === 'other') {
      const problem = 'this system has no glibc (it is musl, as on Alpine), and LibTorch needs it';
      return [
        {code: 'NO_GLIBC', severity: 'error', problem, remedy: `${use}, such as node:20-slim`},
      ];
    }
    if (found === null || needed === null || compareVersions(found, needed) >= 0) return [];
    const isLibC = name === 'glibc';
    return [
      {
        code: isLibC ? 'GLIBC_TOO_OLD' : 'LIBSTDCXX_TOO_OLD',
        severity: 'error',
        problem: `${name} is ${found} and the addon needs ${needed}`,
        remedy: isLibC
          ? 'use a newer system or container, or build from source on this one (CONTRIBUTING.md)'
          : 'install a newer libstdc++6, or a newer gcc and put its lib64 in LD_LIBRARY_PATH',
      },
    ];
  });
}

/** An error of the package as a finding. */
function ofError({code, message, remedy}: SauError): DoctorProblem {
  const problem = remedy === null ? message : message.slice(0, -remedy.length).trimEnd();
  return {code, severity: 'error', problem, remedy: remedy ?? 'see the message'};
}

function cacheProblems({tried, libtorch}: DoctorFacts): DoctorProblem[] {
  return tried
    .filter(({source, outcome}) => source === 'cache' && outcome.startsWith('cannot be read'))
    .map(({path, outcome}) => ({
      code: 'CACHE_UNREADABLE',
      severity: libtorch === null ? 'error' : 'warning',
      problem: `the cache ${path} ${outcome}`,
      remedy: 'make it a folder that you may read, or choose another one with SAU_NATIVE_CACHE',
    }));
}

/** Why LibTorch does not load. Quotes the linker only if nothing more precise is known. */
function loadingProblems(facts: DoctorFacts): DoctorProblem[] {
  const {libtorch, linking, mixed, devices} = facts;
  if (libtorch === null) return [];
  const loads = devices !== null && 'cpuCapability' in devices;
  const severity = loads ? 'warning' : 'error';
  const problems: DoctorProblem[] = [];
  if (mixed !== null) {
    const remedy = mixed.startsWith('LD_LIBRARY_PATH')
      ? 'take that folder out of LD_LIBRARY_PATH: sau-native needs no such variable'
      : reinstall(libtorch);
    problems.push({code: 'MIXED_VARIANTS', severity, problem: mixed, remedy});
  }
  for (const path of linking?.damaged ?? []) {
    const problem = `${path} is no whole shared library`;
    problems.push({code: 'BROKEN_LIBTORCH', severity, problem, remedy: reinstall(libtorch)});
  }
  for (const [remedy, missing] of byRemedy(linking, libtorch)) {
    const names = missing.map(({soname}) => soname).join(', ');
    const users = [...new Set(missing.map(({neededBy}) => neededBy))].join(', ');
    const problem = `missing: ${names}; needed by ${users}`;
    problems.push({code: 'MISSING_LIBRARY', severity, problem, remedy});
  }
  for (const {version, neededBy} of linking?.missingVersions ?? []) {
    const code = version.startsWith('GLIBC_') ? 'GLIBC_TOO_OLD' : 'LIBSTDCXX_TOO_OLD';
    const remedy = 'use a newer system or container: this LibTorch is built for a newer one';
    problems.push({code, severity, problem: `${neededBy} needs ${version}`, remedy});
  }
  const isExplained = problems.some((problem) => problem.severity === 'error');
  if (devices !== null && !loads && !isExplained) {
    problems.push({
      code: 'BROKEN_LIBTORCH',
      severity: 'error',
      problem: `LibTorch ${libtorch.version} in ${libtorch.root} does not load: ${devices.message}`,
      remedy: reinstall(libtorch),
    });
  }
  return problems;
}

/** Missing libraries with one remedy are one problem. */
function byRemedy(
  linking: LibraryCheck | null,
  libtorch: LibTorch,
): Map<string, LibraryCheck['missing'][number][]> {
  const groups = new Map<string, LibraryCheck['missing'][number][]>();
  for (const missing of linking?.missing ?? []) {
    const remedy = ofMissing(missing.soname, libtorch);
    groups.set(remedy, [...(groups.get(remedy) ?? []), missing]);
  }
  return groups;
}
