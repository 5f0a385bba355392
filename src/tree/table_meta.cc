#include "tree/table_meta.h"

namespace nacre::tree {

TableHome::TableHome(const format::Uuid& uuid, std::shared_ptr<TableOpener> opener, base::MemoryAccount* account,
                     ObsoleteCallback on_obsolete)
    : uuid_(uuid), opener_(std::move(opener)), account_(account), on_obsolete_(std::move(on_obsolete)) {}

void TableHome::report_obsolete(const ObsoleteTable& table) {
  sync::MutexLock lock(mutex_);
  if (on_obsolete_) on_obsolete_(table);
}

void TableHome::disconnect() {
  sync::MutexLock lock(mutex_);
  on_obsolete_ = nullptr;
}

TableMeta::TableMeta(format::TableRecord record, std::shared_ptr<TableHome> home)
    : record_(std::move(record)),
      home_(std::move(home)),
      charge_(home_->account(), base::MemoryPart::kTableMeta,
              sizeof(TableMeta) + record_.smallest_key.size() + record_.largest_key.size()) {}

Result<table::Table*> TableMeta::open_table() const {
  NACRE_TRY_ASSIGN(table::Table* const opened, home_->opener().open(*this));
  sync::yield_point();
  table::Table* before = nullptr;
  if (handle_.compare_exchange_strong(before, opened, std::memory_order_acq_rel)) return opened;
  home_->opener().close(opened);
  return before;
}

void TableMeta::last_reference_gone() {
  const std::shared_ptr<TableHome> home = home_;
  const ObsoleteTable obsolete{.number = record_.number, .file_bytes = record_.file_bytes};
  const bool removed = is_removed();
  if (table::Table* open = table_if_open(); open != nullptr) home->opener().close(open);
  delete this;
  if (removed) home->report_obsolete(obsolete);
}

}  // namespace nacre::tree
