import {InertClass, PickleGlobal} from './pickle_values.js';

/**
 * Data of Python's own library, of PyTorch and numpy that training programs save beside the weights. All other names
 * of these that start with a small letter are functions.
 */
const DATA: readonly RegExp[] = [
  /^argparse\.Namespace$/,
  /^types\.SimpleNamespace$/,
  /^collections\.(Counter|deque|ChainMap|UserDict)$/,
  /^datetime\.(datetime|date|time|timedelta|timezone)$/,
  /^(decimal\.Decimal|fractions\.Fraction|uuid\.UUID)$/,
  /^pathlib(\._local)?\.(Pure)?(Posix|Windows)?Path$/,
  /^(builtins|__builtin__)\.(set|frozenset|bytearray|complex|range|xrange|slice|object|list|dict|tuple|int|long|float|str|unicode|bool)$/,
  /^functools\.partial$/,
  /^torch\.(device|dtype|memory_format|layout|strided|(b?float|u?int|complex|bits)\d+\w*|half|double|float|long|int|short|bool)$/,
  /^torch\.(nn\.functional|nn\.init|_C\._nn)\.\w+$/,
  /^numpy\.random\._pickle\.__\w+_ctor$/,
  /^numpy\.(u?int|float|complex|bool_?|str_|bytes_)\d*$/,
];

/**
 * Packages whose classes are no data: building one starts a program or a thread, opens a file or a connection, or
 * loads code. Every other package of Python's own library is here too, unless DATA has the name.
 */
const REFUSED = new Set(
  (
    '__builtin__ _io _pickle _posixsubprocess _thread _winapi abc aifc antigravity argparse array ast ' +
    'asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2 cProfile cPickle calendar cffi ' +
    'cgi cgitb chunk cloudpickle cmd code codecs codeop collections commands compileall concurrent configparser ' +
    'contextlib contextvars copy copy_reg copyreg crypt csv ctypes curses dbm decimal difflib dill dis distutils ' +
    'doctest email encodings ensurepip enum execnet fabric fcntl filecmp fileinput fnmatch ftplib functools gc getpass ' +
    'gettext glob grp gzip hashlib heapq hmac html http httplib httpx idlelib imaplib imghdr imp importlib inspect io ' +
    'ipaddress itertools joblib json keyword lib2to3 linecache locale logging lzma mailbox marshal mimetypes mmap ' +
    'modulefinder msvcrt multiprocessing netrc nntplib nt ntpath numbers opcode operator optparse os paramiko parser ' +
    'pathlib pdb pexpect pickle pickletools pip pipes pkg_resources pkgutil platform plistlib popen2 poplib posix ' +
    'posixpath pprint profile pstats psutil pty ptyprocess pwd py_compile pyclbr pydoc queue quopri random re readline ' +
    'requests resource rlcompleter runpy sched secrets select selectors setuptools sh shelve shlex shutil signal site ' +
    'smtpd smtplib socket socketserver sqlite3 ssl stat statistics string struct subprocess sys sysconfig syslog tabnanny ' +
    'tarfile telnetlib tempfile termios test textwrap thread threading time timeit tkinter token tokenize trace traceback ' +
    'tracemalloc tty turtle types unittest urllib urllib2 urllib3 uu venv warnings wave weakref webbrowser wheel winreg ' +
    'wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo'
  ).split(' '),
);

/** Parts of PyTorch and numpy that load code or files, or talk to other machines. */
const REFUSED_PARTS =
  /^(torch\.(hub|jit|package|serialization|storage|_dynamo|_inductor|fx|distributed|multiprocessing|utils\.(cpp_extension|data|model_zoo))|numpy\.(f2py|distutils|testing|ctypeslib|lib)|IPython|PIL)\b/;

/** A class by the customs of Python: its own name begins with a capital. */
const CLASS_NAME = /(^|\.)_*[A-Z]\w*$/;

/**
 * What a name outside the vocabulary becomes: of a class or of known data a placeholder, of which nothing is ever
 * built or called. null for functions, and for classes that are no data: a file that asks for these is refused.
 */
export function inertGlobal(name: string): PickleGlobal | null {
  if (name === 'collections.defaultdict') return DEFAULT_DICT;
  if (name === 'copyreg._reconstructor' || name === 'copy_reg._reconstructor') return RECONSTRUCTOR;
  if (DATA.some((pattern) => pattern.test(name))) return new InertClass(name);
  const refused = REFUSED.has(name.split('.', 1)[0] ?? '') || REFUSED_PARTS.test(name);
  return !refused && CLASS_NAME.test(name) ? new InertClass(name) : null;
}

/** collections.defaultdict(factory); its items follow. */
const DEFAULT_DICT = new PickleGlobal('collections.defaultdict', () => new Map());

/** copyreg._reconstructor(class, base, state): how protocols 0 and 1 make an object. */
const RECONSTRUCTOR = new PickleGlobal('copyreg._reconstructor', ([made]) =>
  made instanceof InertClass ? made.make() : null,
);
