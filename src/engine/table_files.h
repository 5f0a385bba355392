// TableFiles: opens the tables of a database for the tree, which does not know about files and caches.
//
// Thread safety: open and close from any thread. Lifetime: the directory, the cache and the account outlive it.
#pragma once

#include "base/memory_account.h"
#include "cache/cache.h"
#include "format/file_names.h"
#include "format/footer.h"
#include "format/uuid.h"
#include "nacre/runtime.h"
#include "table/table.h"
#include "tree/table_meta.h"

namespace nacre::engine {

class TableFiles : public tree::TableOpener {
 public:
  TableFiles(Directory& directory, cache::Cache& cache, base::MemoryAccount& account)
      : directory_(directory), cache_(cache), account_(account) {}

  Result<table::Table*> open(const tree::TableMeta& meta) override {
    NACRE_TRY_ASSIGN(auto file, directory_.open_read(format::table_name(meta.number())));
    if (file->size_bytes() != meta.file_bytes()) {
      return corruption(Operation::kOpen, FileKind::kTable, meta.number(), file->size_bytes(),
                        "the table has another size than the manifest says");
    }
    NACRE_TRY_ASSIGN(base::IntrusivePtr<table::Table> table,
                     table::Table::open(std::move(file), meta.identity(), cache_, &account_));
    return table.release();
  }
  Result<std::optional<format::TableIdentity>> identify(ReadableFile& file) override {
    if (file.size_bytes() < format::kFooterBytes) return std::optional<format::TableIdentity>();
    char footer[format::kFooterBytes];
    NACRE_TRY_ASSIGN(const size_t got, file.read(file.size_bytes() - sizeof footer, footer));
    return format::peek_identity({footer, got});
  }
  void close(table::Table* table) override { table->drop_reference(); }

 private:
  Directory& directory_;
  cache::Cache& cache_;
  base::MemoryAccount& account_;
};

}  // namespace nacre::engine
