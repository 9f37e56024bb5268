// Counts the branches of the package's modules as they are loaded: TypeScript's own parser finds them. V8's precise
// coverage tells the same, but takes milliseconds to ask for; a counter in each branch takes nanoseconds.
import {readFileSync} from 'node:fs';
import Module from 'node:module';
import {sep} from 'node:path';
import ts from 'typescript';

/** Branches beyond these share the counters of others. */
const COUNTERS = 1 << 16;
const NAME = '__branches';

const {factory} = ts;

/** The counters, and the texts that the instrumented modules compare with. */
export class Branches {
  hits = new Uint8Array(COUNTERS);
  words = new Set();
  #next = 0;

  /** How many branches the loaded modules have. */
  get count() {
    return Math.min(this.#next, COUNTERS);
  }

  /** Instruments every module below a folder that is loaded from now on. */
  install(folder) {
    globalThis[NAME] = this.hits;
    const load = Module._extensions['.js'];
    Module._extensions['.js'] = (module, path) => {
      if (!path.startsWith(folder + sep)) return load(module, path);
      return module._compile(this.#instrument(readFileSync(path, 'utf8'), path), path);
    };
  }

  #instrument(source, path) {
    const file = ts.createSourceFile(path, source, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
    const {transformed} = ts.transform(file, [
      (context) => (root) => this.#visitAll(root, context),
    ]);
    return ts.createPrinter().printFile(transformed[0]);
  }

  #visitAll(root, context) {
    const visit = (node) => {
      if (ts.isStringLiteral(node) && node.text.length > 1 && node.text.length < 60) {
        this.words.add(node.text);
      }
      return this.#counted(ts.visitEachChild(node, visit, context));
    };
    return ts.visitNode(root, visit);
  }

  #counted(node) {
    if (ts.isBlock(node)) return factory.createBlock([this.#statement(), ...node.statements], true);
    if (ts.isCaseClause(node)) {
      return factory.updateCaseClause(node, node.expression, this.#before(node.statements));
    }
    if (ts.isDefaultClause(node)) {
      return factory.updateDefaultClause(node, this.#before(node.statements));
    }
    if (ts.isIfStatement(node)) {
      const {expression, thenStatement, elseStatement} = node;
      return factory.updateIfStatement(
        node,
        expression,
        this.#block(thenStatement),
        elseStatement && this.#block(elseStatement),
      );
    }
    if (ts.isConditionalExpression(node)) {
      return factory.createConditionalExpression(
        node.condition,
        undefined,
        this.#value(node.whenTrue),
        undefined,
        this.#value(node.whenFalse),
      );
    }
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
      const {modifiers, typeParameters, parameters, equalsGreaterThanToken} = node;
      return factory.updateArrowFunction(
        ...[node, modifiers, typeParameters, parameters, undefined, equalsGreaterThanToken],
        this.#value(node.body),
      );
    }
    return ts.isBinaryExpression(node) && isShort(node.operatorToken.kind)
      ? factory.createBinaryExpression(node.left, node.operatorToken, this.#value(node.right))
      : node;
  }

  #before(statements) {
    return [this.#statement(), ...statements];
  }

  #block(statement) {
    return ts.isBlock(statement)
      ? statement
      : factory.createBlock([this.#statement(), statement], true);
  }

  #statement() {
    return factory.createExpressionStatement(this.#count());
  }

  #value(expression) {
    return factory.createParenthesizedExpression(factory.createComma(this.#count(), expression));
  }

  #count() {
    const at = factory.createNumericLiteral(this.#next++ % COUNTERS);
    return factory.createPostfixIncrement(
      factory.createElementAccessExpression(factory.createIdentifier(NAME), at),
    );
  }
}

function isShort(kind) {
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken
  );
}
