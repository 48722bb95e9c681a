<?php
// Prints the functions of PHP files, as nikic/php-parser (Debian: php-parser) finds them.
require 'PhpParser/autoload.php';

use PhpParser\Node;
use PhpParser\NodeTraverser;
use PhpParser\NodeVisitorAbstract;
use PhpParser\ParserFactory;

$finder = new class extends NodeVisitorAbstract {
    public array $found = [];
    private array $around = [];

    public function enterNode(Node $node) {
        if ($node instanceof Node\Stmt\ClassLike) {
            $this->around[] = $node->name ? (string) $node->name : 'anonymous';
        }
        if ($node instanceof Node\Stmt\Function_ || $node instanceof Node\Stmt\ClassMethod && $node->stmts !== null) {
            $lead = $node instanceof Node\Stmt\ClassMethod && $this->around ? end($this->around) . '.' : '';
            $this->found[] = [$lead . $node->name, $node->name->getStartLine(), $node->getEndLine()];
        }
        return null;
    }

    public function leaveNode(Node $node) {
        if ($node instanceof Node\Stmt\ClassLike) {
            array_pop($this->around);
        }
        return null;
    }
};
$parser = (new ParserFactory())->create(ParserFactory::PREFER_PHP7);
$all = [];
foreach (array_slice($argv, 1) as $path) {
    $finder->found = [];
    $traverser = new NodeTraverser();
    $traverser->addVisitor($finder);
    try {
        $traverser->traverse($parser->parse(file_get_contents($path)));
        $all[$path] = $finder->found;
    } catch (PhpParser\Error $error) {
        $all[$path] = null;
    }
}
echo json_encode($all ?: new stdClass());
