<?php
declare(strict_types=1);

namespace Shop;

use RuntimeException;

final class Cart
{
    private array $items = [];

    public function __construct(array $items)
    {
        $this->items = $items;
    }

    #[\Pure]
    public static function total(
        array $items,
        string $sep = "}"
    ): int {
        $sum = 0;
        foreach ($items as $item) {
            $sum += $item; // }
        }
        return $sum;
    }

    public function gen() {
        yield 1;
    }
}

function &refer(array &$x): mixed
{
    if (!$x) {
        throw new RuntimeException("empty {$x[0]}");
    }
    return $x[0];
}

function page(): void { ?>
<p>function html() {
}</p>
<?php
}

echo Cart::total([1, 2]), "\n";
$a = [1]; $b = &refer($a); $b = 5; echo $a[0], "\n";
page();
try { $e = []; @refer($e); } catch (RuntimeException $e) { echo get_class($e), $e->getLine(), "\n"; }
exit((new Cart([]))->gen()->current());
